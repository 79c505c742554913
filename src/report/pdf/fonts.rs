//! The letters of a printed page: which face draws which character.
//!
//! Noto Sans draws Latin with Vietnamese, Greek and Cyrillic; DejaVu Sans the Hebrew, Arabic, Armenian, Georgian and most
//! symbols that it lacks. Both come with the program, so the same document gives the same file on every machine. What
//! neither has is looked for in the system's fonts where [`Fallback::System`] allows it, and where nobody has it, it is
//! named in [`Fonts::undrawn`] and drawn as a box.
//!
//! Called by [`super::shape`]; it never measures text.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use krilla::text::{Font, GlyphId};
use rustybuzz::Face;
use rustybuzz::ttf_parser::Permissions;

/// Where to look for characters that the program's own fonts lack, such as Chinese.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fallback {
    /// In the fonts of this machine. The file then depends on what is installed.
    System,
    /// Nowhere: the same file on every machine.
    Nowhere,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Style {
    Regular,
    Bold,
    Italic,
}

/// The program's own faces, in the order of [`Fonts::faces`].
const REGULAR: usize = 0;
const BOLD: usize = 1;
const ITALIC: usize = 2;
const WIDE: usize = 3;
const WIDE_BOLD: usize = 4;
/// The face of what cannot be drawn.
pub(super) const UNDRAWN: usize = 5;

/// DejaVu's letters are taller than Noto's at the same size; this makes them equal.
const WIDE_SCALE: f32 = 0.93;

/// Signs that case notes do not hold: Braille patterns. One glyph each carries a character that cannot be drawn.
const CARRIERS: std::ops::RangeInclusive<char> = '\u{2800}'..='\u{28ff}';

/// A font that words can be shaped with.
pub(super) struct Sort {
    pub font: Font,
    pub scale: f32,
    letters: Letters,
}

enum Letters {
    Ours(Box<Face<'static>>),
    System(Arc<Vec<u8>>, u32),
}

impl Sort {
    fn ours(data: &'static [u8], scale: f32) -> Sort {
        let face = Face::from_slice(data, 0).expect("the fonts that come with the program can be read");
        let font = Font::new(data.into(), 0).expect("the fonts that come with the program can be embedded");
        Sort { font, scale, letters: Letters::Ours(Box::new(face)) }
    }

    /// Runs something on the parsed face. A system face is parsed anew each time, which words kept by
    /// [`super::shape::Shaper`] make rare.
    pub fn with_face<T>(&self, run: impl FnOnce(&Face) -> T) -> T {
        match &self.letters {
            Letters::Ours(face) => run(face),
            Letters::System(data, index) => {
                run(&Face::from_slice(data, *index).expect("a system font is parsed before it is chosen"))
            }
        }
    }
}

/// All faces that one document needs.
pub(super) struct Fonts {
    pub faces: Vec<Sort>,
    /// The system's face for each character that ours lack.
    elsewhere: BTreeMap<char, usize>,
    /// Characters that no font has, each with the glyph of [`UNDRAWN`] that carries it unseen under its box. A reader of
    /// the file looks up a glyph's character, so each needs a glyph of its own, from signs that the document does not use.
    pub undrawn: BTreeMap<char, GlyphId>,
}

impl Fonts {
    /// Faces for these characters. Looks at the system's fonts only if one is missing in ours.
    pub fn for_characters(characters: &BTreeSet<char>, fallback: Fallback) -> Fonts {
        let mut fonts = Fonts {
            faces: vec![
                Sort::ours(notosans::REGULAR_TTF, 1.0),
                Sort::ours(notosans::BOLD_TTF, 1.0),
                Sort::ours(notosans::ITALIC_TTF, 1.0),
                Sort::ours(dejavu::sans::regular(), WIDE_SCALE),
                Sort::ours(dejavu::sans::bold(), WIDE_SCALE),
                Sort::ours(dejavu::sans::regular(), 1.0),
            ],
            elsewhere: BTreeMap::new(),
            undrawn: BTreeMap::new(),
        };
        let mut missing: BTreeSet<char> = characters
            .iter()
            .copied()
            .filter(|&c| !invisible(c) && !fonts.has(REGULAR, c) && !fonts.has(WIDE, c))
            .collect();
        if fallback == Fallback::System && !missing.is_empty() {
            fonts.borrow_from_system(&mut missing);
        }
        let mut carriers = CARRIERS
            .filter(|c| !characters.contains(c))
            .filter_map(|c| fonts.faces[UNDRAWN].with_face(|face| face.glyph_index(c)))
            .map(|glyph| GlyphId::new(u32::from(glyph.0)))
            .collect::<Vec<_>>()
            .into_iter();
        // When they run out, the glyph for what is missing serves: readers that know replacement texts still get it right.
        fonts.undrawn = missing.into_iter().map(|c| (c, carriers.next().unwrap_or(GlyphId::new(0)))).collect();
        fonts
    }

    /// The face that draws a cluster (a letter with its marks), as an index into [`Fonts::faces`].
    pub fn choose(&self, style: Style, cluster: &str) -> usize {
        let order = match style {
            Style::Regular => [REGULAR, WIDE, WIDE],
            Style::Bold => [BOLD, WIDE_BOLD, WIDE],
            Style::Italic => [ITALIC, REGULAR, WIDE],
        };
        if cluster.is_ascii() {
            return order[0];
        }
        if cluster.chars().any(|c| self.undrawn.contains_key(&c)) {
            return UNDRAWN;
        }
        let draws_all = |&face: &usize| cluster.chars().all(|c| invisible(c) || self.has(face, c));
        let borrowed = || cluster.chars().find_map(|c| self.elsewhere.get(&c).copied());
        let draws_base = |&face: &usize| cluster.chars().next().is_some_and(|c| self.has(face, c));
        order
            .into_iter()
            .find(draws_all)
            .or_else(borrowed)
            .or_else(|| order.into_iter().find(draws_base))
            .unwrap_or(order[0])
    }

    fn has(&self, face: usize, c: char) -> bool {
        self.faces[face].with_face(|face| face.glyph_index(c).is_some())
    }

    /// Takes faces of the system, upright and of common weight first, until nothing is missing. Faces that may not be
    /// embedded by their maker's word, and those that hold pictures instead of outlines, are passed over.
    fn borrow_from_system(&mut self, missing: &mut BTreeSet<char>) {
        let mut installed = fontdb::Database::new();
        installed.load_system_fonts();
        let mut faces: Vec<&fontdb::FaceInfo> = installed.faces().collect();
        faces.sort_by_cached_key(|info| {
            let upright = info.style == fontdb::Style::Normal;
            (!upright, info.weight.0.abs_diff(400), info.monospaced, info.post_script_name.clone(), info.index)
        });
        for info in faces {
            if missing.is_empty() {
                return;
            }
            let found = installed.with_face_data(info.id, |data, index| {
                let drawn = drawn_by(data, index, missing);
                (!drawn.is_empty()).then(|| (drawn, Arc::new(data.to_vec()), index))
            });
            let Some(Some((drawn, data, index))) = found else { continue };
            let Some(font) = Font::new(data.clone().into(), index) else { continue };
            for c in drawn {
                missing.remove(&c);
                self.elsewhere.insert(c, self.faces.len());
            }
            self.faces.push(Sort { font, scale: 1.0, letters: Letters::System(data, index) });
        }
    }
}

fn drawn_by(data: &[u8], index: u32, wanted: &BTreeSet<char>) -> Vec<char> {
    let Some(face) = Face::from_slice(data, index) else { return Vec::new() };
    if face.permissions() == Some(Permissions::Restricted) {
        return Vec::new();
    }
    let drawn = |c: &char| face.glyph_index(*c).is_some_and(|glyph| face.glyph_bounding_box(glyph).is_some());
    wanted.iter().copied().filter(drawn).collect()
}

/// Characters that steer shaping and have no shape: joiners and variation selectors.
fn invisible(c: char) -> bool {
    matches!(c, ' ' | '\n' | '\u{200c}' | '\u{200d}' | '\u{34f}' | '\u{fe00}'..='\u{fe0f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scripts_of_our_fonts_need_nothing_from_the_system() {
        let text =
            "Zoë Nguyễn Thị Ánh, Łukasz, İpek, Ελένη, Юлія, עברית, محمد پژمان چت گفتگو, Հայկ, გიორგი ☐ ☑ ✓ → • – “ ” €";
        let fonts = Fonts::for_characters(&text.chars().collect(), Fallback::Nowhere);
        assert_eq!(fonts.undrawn, BTreeMap::new());
    }

    #[test]
    fn what_no_font_has_is_named() {
        let fonts = Fonts::for_characters(&"a\u{f8ff}\u{10fffd}\u{200d}".chars().collect(), Fallback::System);
        assert!(fonts.undrawn.contains_key(&'\u{10fffd}'));
        assert!(!fonts.undrawn.contains_key(&'\u{200d}'));
        assert_eq!(fonts.choose(Style::Bold, "\u{10fffd}"), UNDRAWN);
    }
}
