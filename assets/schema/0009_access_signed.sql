-- From here on the end of the list of who looked at whom is signed (`local`, under "access-signed"): a program that does not
-- sign may not write to it, and a list without its signature was rewritten. The list that is here is signed as it is found.
DELETE FROM local WHERE key = 'access-signed';
