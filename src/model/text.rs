//! Text from outside, disarmed: nothing that a terminal obeys, and nothing that turns a line around, gets through.

use std::borrow::Cow;

/// Marks over one letter, at most: more would climb over the lines above.
const MARKS: usize = 4;

/// One line: control characters, line breaks and tabs become spaces, invisible and direction-turning ones vanish.
pub fn one_line(text: &str) -> Cow<'_, str> {
    disarm(text, false)
}

/// Several lines: as [`one_line`], but line breaks stay.
pub fn lines(text: &str) -> Cow<'_, str> {
    disarm(text, true)
}

/// What a small file of text holds, as any editor saves it: UTF-8 or UTF-16, with a mark or without; `None` where it is no
/// text.
pub fn decoded(bytes: &[u8]) -> Option<String> {
    let wide = |bytes: &[u8], unit: fn([u8; 2]) -> u16| {
        let units = bytes.chunks_exact(2).map(|pair| unit([pair[0], pair[1]]));
        let text = char::decode_utf16(units).collect::<Result<String, _>>().ok();
        text.filter(|_| bytes.len().is_multiple_of(2))
    };
    match bytes {
        [0xff, 0xfe, rest @ ..] => wide(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => wide(rest, u16::from_be_bytes),
        [0xef, 0xbb, 0xbf, rest @ ..] => String::from_utf8(rest.to_vec()).ok(),
        // The first letter of what is read here is of the plainest: its other half is zero.
        [first, 0, ..] if *first != 0 => wide(bytes, u16::from_le_bytes),
        [0, second, ..] if *second != 0 => wide(bytes, u16::from_be_bytes),
        bytes => String::from_utf8(bytes.to_vec()).ok(),
    }
}

/// A cell of a table that leaves, the same in every format: several lines at most, and what a spreadsheet would take for a
/// formula (also behind blanks, and in the wide letters of East Asia) begins with an apostrophe. A negative number is none.
/// What already reads like that gets another, so that [`from_cell`] gives everything back as it was.
pub fn cell(text: &str) -> Cow<'_, str> {
    let clean = lines(text);
    let bare = clean.trim_start_matches('\'').trim_start();
    let formula = bare.starts_with(['=', '+', '-', '@', '|', '%', '\t', '\r', '＝', '＋', '－', '＠']);
    if formula && !is_negative(&clean) { Cow::Owned(format!("'{clean}")) } else { clean }
}

/// What stood in a cell before it was disarmed on its way out.
pub fn from_cell(cell: &str) -> &str {
    cell.strip_prefix('\'').filter(|rest| self::cell(rest) == cell).unwrap_or(cell)
}

/// Whether two names are the same person or organisation: case, spaces and full stops do not matter; every word does
/// ("County Housing" is not "County Housing Court").
pub fn same_name(one: &str, other: &str) -> bool {
    let plain = |name: &str| {
        let words = name.split_whitespace().map(|word| word.trim_matches(['.', ',']).to_lowercase());
        words.filter(|word| !word.is_empty()).collect::<Vec<_>>()
    };
    let (one, other) = (plain(one), plain(other));
    !one.is_empty() && one == other
}

fn is_negative(text: &str) -> bool {
    let Some(number) = text.trim().strip_prefix('-') else { return false };
    let (whole, part) = number.split_once('.').unwrap_or((number, ""));
    !whole.is_empty() && whole.bytes().chain(part.bytes()).all(|byte| byte.is_ascii_digit())
}

fn disarm(text: &str, keep_breaks: bool) -> Cow<'_, str> {
    if text.bytes().all(|byte| (b' '..0x7f).contains(&byte) || (keep_breaks && byte == b'\n')) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut marks = 0;
    for c in text.chars() {
        match c {
            '\n' if keep_breaks => out.push('\n'),
            '\r' if keep_breaks => {}
            _ if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') => out.push(' '),
            _ if unseen(c) => {}
            _ if is_mark(c) => {
                marks += 1;
                if marks <= MARKS {
                    out.push(c);
                }
                continue;
            }
            _ => out.push(c),
        }
        marks = 0;
    }
    Cow::Owned(out)
}

/// Characters that are not seen but change what is: direction marks and overrides, zero-width ones (but for the joiners
/// that some scripts need), tags, and those that stand for nothing.
fn unseen(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

fn is_mark(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{483}'..='\u{489}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}'
        | '\u{20d0}'..='\u{20ff}' | '\u{fe20}'..='\u{fe2f}')
}

/// Words to be found in a text, whole and one after another, whatever the case.
#[derive(Clone, PartialEq, Debug)]
pub struct Words(Vec<String>);

impl Words {
    pub fn new(text: &str) -> Words {
        Words(words(text).map(str::to_lowercase).collect())
    }
}

fn words(text: &str) -> impl Iterator<Item = &str> + Clone {
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty())
}

/// Whether whole words stand in a text, whatever the case.
pub fn has_words(text: &str, wanted: &Words) -> bool {
    let same = |word: &str, wanted: &str| {
        if word.is_ascii() { word.eq_ignore_ascii_case(wanted) } else { word.to_lowercase() == wanted }
    };
    let mut rest = words(text);
    loop {
        let mut here = rest.clone();
        if wanted.0.iter().all(|wanted| here.next().is_some_and(|word| same(word, wanted))) {
            return !wanted.0.is_empty();
        }
        if rest.next().is_none() {
            return false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_a_terminal_would_obey_is_gone() {
        assert_eq!(one_line("Ann\x1b[2J\u{9b}31m\u{202e}nnA\r\nx\ty"), "Ann [2J 31mnnA  x y");
        assert_eq!(lines("one\r\ntwo\x07"), "one\ntwo ");
        assert_eq!(one_line("Zoë 李 محمد"), "Zoë 李 محمد");
        assert_eq!(one_line(&format!("a{}b", "\u{301}".repeat(50))), format!("a{}b", "\u{301}".repeat(4)));
        assert!(matches!(one_line("plain"), Cow::Borrowed(_)));
    }

    #[test]
    fn small_files_are_read_as_any_editor_saves_them() {
        let text = "Grün 李 👋 correct horse\r\n";
        let wide = |mark: &[u8], bytes: fn(u16) -> [u8; 2]| {
            mark.iter().copied().chain(text.encode_utf16().flat_map(bytes)).collect::<Vec<u8>>()
        };
        for bytes in [
            text.as_bytes().to_vec(),
            [b"\xef\xbb\xbf", text.as_bytes()].concat(),
            wide(&[0xff, 0xfe], u16::to_le_bytes),
            wide(&[0xfe, 0xff], u16::to_be_bytes),
            wide(&[], u16::to_le_bytes),
            wide(&[], u16::to_be_bytes),
        ] {
            assert_eq!(decoded(&bytes).as_deref(), Some(text));
        }
        assert_eq!(decoded(b"").as_deref(), Some(""));
        for bytes in [&b"a\0b"[..], b"caf\xe9", b"\xff\xfea", b"\xff\xfe\0\xd8"] {
            assert_eq!(decoded(bytes), None);
        }
    }

    #[test]
    fn a_formula_is_disarmed_wherever_it_begins_and_a_number_is_not() {
        for (text, cell_text) in [
            ("=1+1", "'=1+1"),
            ("=HYPERLINK(\"x\")", "'=HYPERLINK(\"x\")"),
            (" @SUM(A1)", "' @SUM(A1)"),
            ("\n=1", "'\n=1"),
            ("\u{feff}=1", "'=1"),
            ("-5.2", "-5.2"),
            ("-5", "-5"),
            ("-2+3", "'-2+3"),
            ("-inf", "'-inf"),
            ("-rent", "'-rent"),
            ("+44 1234", "'+44 1234"),
            ("+1", "'+1"),
            ("|cmd", "'|cmd"),
            ("％", "％"),
            ("＝1", "'＝1"),
            ("'=1", "''=1"),
            ("'tis", "'tis"),
            ("a=b", "a=b"),
            ("", ""),
        ] {
            assert_eq!(cell(text), cell_text);
        }
    }

    #[test]
    fn words_are_found_whole_and_in_any_case() {
        for (text, wanted, found) in [
            ("SNAP (county)", "snap", true),
            ("Snapdragon grant", "snap", false),
            ("food stamps, county office", "food stamps", true),
            ("food and stamps", "food stamps", false),
            ("Supplemental Nutrition Assistance Program", "nutrition assistance", true),
            ("ÉTAT de Genève", "état", true),
            ("", "snap", false),
            ("snap", "", false),
            ("food food stamps", "food stamps", true),
        ] {
            assert_eq!(has_words(text, &Words::new(wanted)), found, "{text}: {wanted}");
        }
    }

    proptest! {
        #[test]
        fn a_cell_comes_back_as_it_was(text in "[' =@a+-]{0,6}") {
            let there = cell(&text);
            prop_assert_eq!(from_cell(&there), text.as_str());
            prop_assert!(!there.trim_start().starts_with(['=', '@', '+']));
        }

        #[test]
        fn no_control_character_survives(text in any::<String>()) {
            prop_assert!(!one_line(&text).chars().any(|c| c.is_control() || unseen(c)));
            prop_assert!(!lines(&text).chars().any(|c| c != '\n' && (c.is_control() || unseen(c))));
        }
    }
}
