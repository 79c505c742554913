//! Text to lines: words are shaped (ligatures, accents, joined letters), lines are broken to a width and put into the order
//! in which they are seen, right-to-left runs included (Unicode Standard Annexes 9 and 14).
//!
//! Every character of the text stays attached to a glyph, so that a reader of the file gets the words back. A word that is
//! longer than a line is broken between letters, without a hyphen that nobody wrote. Words are shaped once and shared by
//! all the lines they stand in. Called by [`super::flow`]; it knows no pages.

use std::collections::HashMap;
use std::ops::Range;
use std::rc::Rc;

use harfrust::{Direction, ShapeOptions, UnicodeBuffer};
use krilla::text::GlyphId;
use unicode_bidi::{BidiInfo, Level};
use unicode_segmentation::UnicodeSegmentation;

use super::fonts::{Fonts, Style, UNDRAWN};

/// Words up to this many bytes are kept; longer ones are rarely said twice.
const KEPT: usize = 48;
/// Letters shaped at once: a word without end is cut into such pieces first.
const AT_ONCE: usize = 64;

/// The width of the box for a character that no font has, in parts of the letter size.
pub(super) const BOX: f32 = 0.64;

/// A glyph; measures in parts of the letter size.
#[derive(Clone, Debug)]
pub(super) struct Glyph {
    pub id: GlyphId,
    /// The bytes of the word that it stands for.
    pub text: Range<usize>,
    pub advance: f32,
    pub shift: (f32, f32),
}

/// A piece of text in one face and one direction, its glyphs from left to right.
#[derive(Debug)]
pub(super) struct Word {
    pub text: Box<str>,
    /// An index into [`Fonts::faces`].
    pub face: usize,
    pub right_to_left: bool,
    pub glyphs: Vec<Glyph>,
    /// In parts of the letter size.
    width: f32,
}

/// Words from left to right, each with where it begins, in points from the line's left end.
#[derive(Clone, Debug, Default)]
pub(super) struct Line {
    pub words: Vec<(f32, Rc<Word>)>,
    /// In points, without spaces at its end.
    pub width: f32,
    /// The paragraph begins at the right.
    pub from_right: bool,
}

/// Shapes words and keeps them.
pub(super) struct Shaper {
    pub fonts: Fonts,
    /// For each style and direction.
    kept: HashMap<(u8, bool), HashMap<Box<str>, Pieces>>,
}

/// The pieces of a text that is shaped once and shared.
type Pieces = Rc<[Rc<Word>]>;

/// A word in its place in a paragraph, before the line is known.
type Placed = (Level, Rc<Word>);

impl Shaper {
    pub fn new(fonts: Fonts) -> Shaper {
        Shaper { fonts, kept: HashMap::new() }
    }

    /// Lines of at most `width` points; at least one, however narrow. Line breaks in the text are kept.
    pub fn lines(&mut self, text: &str, style: Style, size: f32, width: f32) -> Vec<Line> {
        text.split('\n').flat_map(|paragraph| self.paragraph(paragraph, style, size, width)).collect()
    }

    /// One line of any width.
    pub fn line(&mut self, text: &str, style: Style, size: f32) -> Line {
        self.paragraph(&text.replace('\n', " "), style, size, f32::INFINITY).pop().unwrap_or_default()
    }

    fn paragraph(&mut self, text: &str, style: Style, size: f32, width: f32) -> Vec<Line> {
        let directions = Directions::of(text);
        let mut lines = Vec::new();
        let mut line = Builder::new(size, directions.base());
        let mut begin = 0;
        for (end, _) in unicode_linebreak::linebreaks(text) {
            let whole = &text[begin..end];
            let word = whole.trim_end_matches(' ');
            let words = self.placed(text, begin..begin + word.len(), style, &directions);
            let spaces = self.placed(text, begin + word.len()..end, style, &directions);
            begin = end;
            let measure = line.measure(self, &words);
            if line.reach + measure > width && !line.words.is_empty() {
                lines.push(line.take(self));
            }
            if measure > width {
                for (level, letter) in words.iter().flat_map(|(level, word)| letters(*level, word)) {
                    if line.reach + letter.width * self.scaled(&letter, size) > width && !line.words.is_empty() {
                        lines.push(line.take(self));
                    }
                    line.push(self, level, letter);
                }
            } else {
                for (level, word) in words {
                    line.push(self, level, word);
                }
            }
            line.spaces = spaces;
        }
        if !line.words.is_empty() || lines.is_empty() {
            lines.push(line.take(self));
        }
        lines
    }

    fn scaled(&self, word: &Word, size: f32) -> f32 {
        self.fonts.faces[word.face].scale * size
    }

    /// Shapes a part of a paragraph, cut where its direction changes.
    fn placed(&mut self, text: &str, part: Range<usize>, style: Style, directions: &Directions) -> Vec<Placed> {
        let mut placed = Vec::new();
        let mut begin = part.start;
        while begin < part.end {
            let level = directions.at(begin);
            let same = text[begin..part.end].char_indices().find(|(at, _)| directions.at(begin + at) != level);
            let end = same.map_or(part.end, |(at, _)| begin + at);
            let words = self.shaped(&text[begin..end], style, level.is_rtl());
            placed.extend(words.iter().map(|word| (level, word.clone())));
            begin = end;
        }
        placed
    }

    fn shaped(&mut self, text: &str, style: Style, right_to_left: bool) -> Pieces {
        let key = (style as u8, right_to_left);
        if let Some(words) = self.kept.get(&key).and_then(|words| words.get(text)) {
            return words.clone();
        }
        let words: Pieces = self
            .by_face(text, style)
            .into_iter()
            .map(|(face, part)| Rc::new(self.shape(&text[part], face, right_to_left)))
            .collect();
        if text.len() <= KEPT {
            self.kept.entry(key).or_default().insert(text.into(), words.clone());
        }
        words
    }

    /// Parts of a text that one face draws, none longer than [`AT_ONCE`] letters.
    fn by_face(&self, text: &str, style: Style) -> Vec<(usize, Range<usize>)> {
        let mut parts: Vec<(usize, Range<usize>)> = Vec::new();
        let mut letters = 0;
        for (at, cluster) in text.grapheme_indices(true) {
            let face = self.fonts.choose(style, cluster);
            let end = at + cluster.len();
            letters += 1;
            match parts.last_mut() {
                Some((last, part)) if *last == face && letters <= AT_ONCE => part.end = end,
                _ => {
                    parts.push((face, at..end));
                    letters = 1;
                }
            }
        }
        parts
    }

    /// Characters that no font has: a box for each.
    fn boxes(&self, text: &str, right_to_left: bool) -> Word {
        let glyph = |(at, c): (usize, char)| Glyph {
            id: self.fonts.undrawn.get(&c).copied().unwrap_or(GlyphId::new(0)),
            text: at..at + c.len_utf8(),
            advance: BOX,
            shift: (0.0, 0.0),
        };
        let mut glyphs: Vec<Glyph> = text.char_indices().map(glyph).collect();
        if right_to_left {
            glyphs.reverse();
        }
        Word::new(text, UNDRAWN, right_to_left, glyphs)
    }

    fn shape(&self, text: &str, face: usize, right_to_left: bool) -> Word {
        if face == UNDRAWN {
            return self.boxes(text, right_to_left);
        }
        let shaper = self.fonts.faces[face].shaper();
        let mut buffer = UnicodeBuffer::new();
        buffer.push_str(text);
        buffer.guess_segment_properties();
        buffer.set_direction(if right_to_left { Direction::RightToLeft } else { Direction::LeftToRight });
        let em = shaper.units_per_em() as f32;
        let shaped = shaper.shape(buffer, ShapeOptions::new());
        let mut begins: Vec<usize> = shaped.glyph_infos().iter().map(|info| info.cluster as usize).collect();
        begins.sort_unstable();
        begins.dedup();
        let glyphs = shaped
            .glyph_infos()
            .iter()
            .zip(shaped.glyph_positions())
            .map(|(info, position)| {
                let begin = info.cluster as usize;
                let next = begins.partition_point(|&other| other <= begin);
                Glyph {
                    id: GlyphId::new(info.glyph_id),
                    text: begin..begins.get(next).copied().unwrap_or(text.len()),
                    advance: position.x_advance as f32 / em,
                    shift: (position.x_offset as f32 / em, position.y_offset as f32 / em),
                }
            })
            .collect();
        Word::new(text, face, right_to_left, glyphs)
    }
}

impl Word {
    fn new(text: &str, face: usize, right_to_left: bool, glyphs: Vec<Glyph>) -> Word {
        let width = glyphs.iter().map(|glyph| glyph.advance).sum();
        Word { text: text.into(), face, right_to_left, glyphs, width }
    }
}

/// A word letter by letter, in the order of its text.
fn letters(level: Level, word: &Word) -> Vec<Placed> {
    let mut letters: Vec<(Range<usize>, Vec<Glyph>)> = Vec::new();
    for glyph in &word.glyphs {
        let moved = Glyph { text: 0..glyph.text.len(), ..glyph.clone() };
        match letters.last_mut() {
            Some((range, glyphs)) if *range == glyph.text => glyphs.push(moved),
            _ => letters.push((glyph.text.clone(), vec![moved])),
        }
    }
    letters.sort_by_key(|(range, _)| range.start);
    letters
        .into_iter()
        .map(|(range, glyphs)| (level, Rc::new(Word::new(&word.text[range], word.face, word.right_to_left, glyphs))))
        .collect()
}

/// A line that is being filled, in the order of the text.
struct Builder {
    size: f32,
    base: Level,
    words: Vec<Placed>,
    /// Spaces after the last word: they count only if another word follows.
    spaces: Vec<Placed>,
    /// Where the next word would begin, in points.
    reach: f32,
}

impl Builder {
    fn new(size: f32, base: Level) -> Builder {
        Builder { size, base, words: Vec::new(), spaces: Vec::new(), reach: 0.0 }
    }

    /// The width of words, and of the spaces before them.
    fn measure(&self, shaper: &Shaper, words: &[Placed]) -> f32 {
        self.spaces.iter().chain(words).map(|(_, word)| word.width * shaper.scaled(word, self.size)).sum()
    }

    fn push(&mut self, shaper: &Shaper, level: Level, word: Rc<Word>) {
        let mut joined = std::mem::take(&mut self.spaces);
        joined.push((level, word));
        self.reach += self.measure(shaper, &joined);
        self.words.append(&mut joined);
    }

    /// The finished line, in the order in which it is seen; the next one is empty.
    fn take(&mut self, shaper: &Shaper) -> Line {
        self.spaces.clear();
        let mut words = std::mem::take(&mut self.words);
        turn(&mut words);
        let mut line = Line { from_right: self.base.is_rtl(), ..Line::default() };
        for (_, word) in words {
            let width = word.width * shaper.scaled(&word, self.size);
            line.words.push((line.width, word));
            line.width += width;
        }
        self.reach = 0.0;
        line
    }
}

/// From the order of the text to the order of the eye: rule L2 of Unicode Standard Annex 9.
fn turn(words: &mut [Placed]) {
    let highest = words.iter().map(|(level, _)| level.number()).max().unwrap_or(0);
    for level in (1..=highest).rev() {
        let mut at = 0;
        while at < words.len() {
            let run = words[at..].iter().take_while(|(other, _)| other.number() >= level).count();
            words[at..at + run].reverse();
            at += run.max(1);
        }
    }
}

/// The direction of each byte of a paragraph; none is kept where all of it runs from left to right.
struct Directions {
    base: Option<Level>,
    levels: Vec<Level>,
}

impl Directions {
    fn of(text: &str) -> Directions {
        if !text.chars().any(turns) {
            return Directions { base: None, levels: Vec::new() };
        }
        let info = BidiInfo::new(text, None);
        Directions { base: info.paragraphs.first().map(|paragraph| paragraph.level), levels: info.levels }
    }

    fn base(&self) -> Level {
        self.base.unwrap_or_else(Level::ltr)
    }

    fn at(&self, byte: usize) -> Level {
        self.levels.get(byte).copied().unwrap_or_else(Level::ltr)
    }
}

/// Whether a character may run from right to left: the blocks from Hebrew to Arabic Extended-A, their presentation forms,
/// and the old scripts beyond the first plane.
fn turns(c: char) -> bool {
    matches!(c, '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{fefc}' | '\u{10800}'..='\u{10fff}'
        | '\u{1e800}'..='\u{1efff}')
}

#[cfg(test)]
mod tests {
    use super::super::fonts::Fallback;
    use super::*;
    use proptest::prelude::*;

    fn shaper(text: &str) -> Shaper {
        Shaper::new(Fonts::for_characters(&text.chars().collect(), Fallback::Nowhere))
    }

    fn words(line: &Line) -> String {
        line.words.iter().map(|(_, word)| &*word.text).collect()
    }

    #[test]
    fn lines_end_between_words_and_long_words_are_cut() {
        let text = "The office wrote an affidavit about Donaudampfschifffahrtsgesellschaft.";
        let mut shaper = shaper(text);
        let lines = shaper.lines(text, Style::Regular, 10.0, 90.0);
        assert!(lines.iter().all(|line| line.width <= 90.0));
        assert_eq!(words(&lines[0]), "The office wrote");
        assert_eq!(lines.iter().map(words).collect::<String>().replace(' ', ""), text.replace(' ', ""));
    }

    #[test]
    fn right_to_left_runs_are_turned_and_numbers_in_them_are_not() {
        let text = "שלום 12 עולם";
        let line = shaper(text).line(text, Style::Regular, 10.0);
        assert!(line.from_right);
        let seen: Vec<&str> = line.words.iter().map(|(_, word)| &*word.text).collect();
        assert_eq!(seen, ["עולם", " ", "12", " ", "שלום"]);
        let text = "Name: דוד, born 1990";
        let line = shaper(text).line(text, Style::Regular, 10.0);
        assert!(!line.from_right);
        assert_eq!(words(&line), text);
    }

    #[test]
    fn a_line_narrower_than_a_letter_still_ends() {
        let lines = shaper("ab").lines("ab", Style::Bold, 10.0, 0.5);
        assert_eq!(lines.iter().map(words).collect::<Vec<_>>(), ["a", "b"]);
    }

    proptest! {
        #[test]
        fn no_letter_is_lost(text in "[a-zéễאבمح ffi1-]{0,60}", width in 5f32..200.0) {
            let lines = shaper(&text).lines(&text, Style::Regular, 10.0, width);
            let sorted = |text: &str| { let mut all: Vec<char> = text.chars().filter(|c| *c != ' ').collect(); all.sort(); all };
            prop_assert_eq!(sorted(&lines.iter().map(words).collect::<String>()), sorted(&text));
        }
    }
}
