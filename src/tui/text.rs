//! Text cut and wrapped to columns. All that is drawn of a client goes through here, disarmed.

use std::borrow::Cow;

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use crate::model::text::{lines, one_line};

/// Columns that a text takes.
pub fn width(text: &str) -> usize {
    text.width()
}

/// One line of at most so many columns; what is cut off is marked.
pub fn fit(text: &str, columns: usize) -> String {
    fitted(text, columns).into_owned()
}

/// As [`fit`]; what fits as it is, as most does, is not copied.
pub fn fitted(text: &str, columns: usize) -> Cow<'_, str> {
    // Nothing beyond this can be seen: a name of ten thousand characters costs no more than one of a hundred.
    let most = columns.saturating_mul(8).max(64);
    let text = match text.len() > most {
        true => text.char_indices().nth(most).map_or(text, |(at, _)| &text[..at]),
        false => text,
    };
    if text.bytes().all(|byte| (b' '..0x7f).contains(&byte)) {
        // Plain letters, as most are: a byte is a column.
        return match text.len() <= columns {
            true => Cow::Borrowed(text),
            false => format!("{}{}", &text[..columns.saturating_sub(1)], if columns > 0 { "…" } else { "" }).into(),
        };
    }
    let text = one_line(text);
    if text.width() <= columns {
        return text;
    }
    let mut out = String::new();
    let mut used = 0;
    for part in text.graphemes(true) {
        let wide = part.width();
        if used + wide + 1 > columns {
            break;
        }
        used += wide;
        out.push_str(part);
    }
    if columns > 0 {
        out.push('…');
    }
    out.into()
}

/// As [`fit`], filled up with spaces to exactly so many columns.
pub fn cell(text: &str, columns: usize) -> String {
    let fitted = fitted(text, columns);
    let blanks = columns.saturating_sub(fitted.width());
    let mut out = String::with_capacity(fitted.len() + blanks);
    out.push_str(&fitted);
    out.extend(std::iter::repeat_n(' ', blanks));
    out
}

/// As [`fit`], cut where a phrase of it ends, so that what is read is whole; where not even the first phrase fits, between
/// words.
pub fn fit_phrases(text: &str, columns: usize) -> String {
    let text = one_line(text);
    if text.width() <= columns {
        return text.into_owned();
    }
    // A comma, a semicolon, a colon, a bracket: what stands before it can be read alone, brackets and quotes closed.
    let is_whole = |before: &str| {
        let many = |letter: char| before.chars().filter(|c| *c == letter).count();
        many('(') == many(')') && many('"') % 2 == 0
    };
    let ends = text.char_indices().filter(|(at, c)| {
        let next = text[at + c.len_utf8()..].chars().next();
        matches!(c, ',' | ';' | ':') && next == Some(' ') || *c == ' ' && next == Some('(')
    });
    let before = ends.map(|(at, _)| text[..at].trim_end());
    let mut fitting = before.filter(|before| before.width() + 2 <= columns && is_whole(before));
    if let Some(before) = fitting.next_back().filter(|before| before.width() > columns / 3) {
        return format!("{before} …");
    }
    let cut = fit(&text, columns);
    match cut.strip_suffix('…').and_then(|cut| cut.rsplit_once(' ')) {
        Some((words, _)) if words.width() > columns / 2 => format!("{words} …"),
        _ => cut,
    }
}

/// Lines of at most so many columns, broken between words where that can be.
pub fn wrap(text: &str, columns: usize) -> Vec<String> {
    let columns = columns.max(1);
    let mut out = Vec::new();
    for line in lines(text).split('\n') {
        let mut current = String::new();
        let mut used = 0;
        for word in line.split_word_bounds() {
            let wide = word.width();
            if used + wide > columns && !current.is_empty() {
                out.push(current.trim_end().to_string());
                current = String::new();
                used = 0;
                if word.trim().is_empty() {
                    continue;
                }
            }
            if wide > columns {
                // A letter with its marks may itself be wider than a very narrow line: then its marks part from it.
                let letters = word.graphemes(true).flat_map(|letter| match letter.width() > columns {
                    true => letter.split_inclusive(|_: char| true).collect(),
                    false => vec![letter],
                });
                for part in letters {
                    // A sign that no line of this width can hold, as one of Khmer is three columns wide.
                    let part = if part.width() > columns { "…" } else { part };
                    if used + part.width() > columns {
                        out.push(std::mem::take(&mut current));
                        used = 0;
                    }
                    current.push_str(part);
                    used += part.width();
                }
            } else {
                current.push_str(word);
                used += wide;
            }
        }
        out.push(current.trim_end().to_string());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn columns_stay_straight() {
        assert_eq!(fit("Maria Delgado", 20), "Maria Delgado");
        assert_eq!(fit("Maria Delgado", 8), "Maria D…");
        assert_eq!(fit("李小龍先生", 5), "李小…");
        assert_eq!(cell("李小龍", 8), "李小龍  ");
        assert_eq!(fit("x", 0), "");
        // At the end of a phrase, with brackets and quotes closed; else between words.
        let paper = "Zainab Khan: no plan yet, 693 days overdue (30 days after opening)";
        assert_eq!(fit_phrases(paper, 66), paper);
        assert_eq!(fit_phrases(paper, 65), "Zainab Khan: no plan yet, 693 days overdue …");
        assert_eq!(fit_phrases(paper, 40), "Zainab Khan: no plan yet …");
        assert_eq!(fit_phrases("5 notes (2 late, 1 lost), 1 plan", 20), "5 notes …");
        assert_eq!(fit_phrases("one two three four", 12), "one two …");
        assert_eq!(fit_phrases("", 3), "");
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("abcdefghij", 4), ["abcd", "efgh", "ij"]);
    }

    proptest! {
        #[test]
        fn never_wider_than_asked(text in any::<String>(), columns in 0usize..40) {
            prop_assert!(fit(&text, columns).width() <= columns);
            prop_assert_eq!(cell(&text, columns).width(), columns);
            prop_assert!(wrap(&text, columns.max(2)).iter().all(|line| line.width() <= columns.max(2)));
        }
    }
}
