//! The letters of a printed page: which face draws which character.
//!
//! Noto Sans draws Latin with Vietnamese, Greek and Cyrillic; DejaVu Sans the Hebrew, Arabic, Armenian, Georgian and most
//! symbols that it lacks. Both come with the program, so the same document gives the same file on every machine. What
//! neither has is looked for in the system's fonts where [`Fallback::System`] allows it, and where nobody has it, it is
//! named in [`Fonts::undrawn`] and drawn as a box.
//!
//! Called by [`super::shape`]; it never measures text.

use std::collections::{BTreeMap, BTreeSet};

use harfrust::ShaperData;
use krilla::Data;
use krilla::text::{Font, GlyphId};
use skrifa::charmap::MappingIndex;
use skrifa::instance::{LocationRef, Size};
use skrifa::outline::DrawSettings;
use skrifa::outline::pen::ControlBoundsPen;
use skrifa::raw::TableProvider;
use skrifa::{FontRef, MetadataProvider};

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

/// Of a font's word on embedding (`fsType`) the part that says what use is allowed; of several, the freest counts.
const USE_PERMISSIONS: u16 = 0b1110;
const RESTRICTED: u16 = 0b0010;

/// A font that words can be shaped with.
pub(super) struct Sort {
    pub font: Font,
    pub scale: f32,
    data: Data,
    index: u32,
    /// What shaping asks again and again of the font's tables, looked up once.
    prepared: ShaperData,
    /// Where the font says which glyph draws which character.
    map: MappingIndex,
}

impl Sort {
    /// Nothing if this is no font that can be read and embedded.
    fn new(data: Data, index: u32, scale: f32) -> Option<Sort> {
        let font = Font::new(data.clone(), index)?;
        let face = FontRef::from_index(data.as_ref(), index).ok()?;
        let (prepared, map) = (ShaperData::new(&face), MappingIndex::new(&face));
        Some(Sort { font, scale, data, index, prepared, map })
    }

    fn ours(data: &'static [u8], scale: f32) -> Sort {
        Sort::new(data.into(), 0, scale).expect("the fonts that come with the program can be read and embedded")
    }

    fn face(&self) -> FontRef<'_> {
        FontRef::from_index(self.data.as_ref(), self.index).expect("a font is read before it is chosen")
    }

    /// What turns text into glyphs of this font.
    pub fn shaper(&self) -> harfrust::Shaper<'_> {
        self.prepared.shaper(&self.face()).build()
    }

    /// The glyph of a character that stands alone.
    fn glyph(&self, c: char) -> Option<GlyphId> {
        self.map.charmap(&self.face()).map(c).map(|glyph| GlyphId::new(glyph.to_u32()))
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
            .filter_map(|c| fonts.faces[UNDRAWN].glyph(c))
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
        self.faces[face].glyph(c).is_some()
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
                let sort = (!drawn.is_empty()).then(|| Sort::new(data.to_vec().into(), index, 1.0))??;
                Some((drawn, sort))
            });
            let Some(Some((drawn, sort))) = found else { continue };
            for c in drawn {
                missing.remove(&c);
                self.elsewhere.insert(c, self.faces.len());
            }
            self.faces.push(sort);
        }
    }
}

/// The characters among these that a face may and can draw.
fn drawn_by(data: &[u8], index: u32, wanted: &BTreeSet<char>) -> Vec<char> {
    let Ok(face) = FontRef::from_index(data, index) else { return Vec::new() };
    let restricted = face.os2().is_ok_and(|table| table.fs_type() & USE_PERMISSIONS == RESTRICTED);
    let map = face.charmap();
    // The characters of a symbol font are numbers of its own, and nobody's letters.
    if restricted || map.is_symbol() {
        return Vec::new();
    }
    let outlines = face.outline_glyphs();
    let drawn = |c: &char| {
        let outline = map.map(*c).and_then(|glyph| outlines.get(glyph));
        outline.is_some_and(|outline| {
            let mut extent = ControlBoundsPen::new();
            let settings = DrawSettings::unhinted(Size::unscaled(), LocationRef::default());
            outline.draw(settings, &mut extent).is_ok() && extent.bounding_box().is_some()
        })
    };
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
    fn a_face_gives_what_it_draws_if_its_maker_lets_it_be_embedded() {
        // A no-break space has a glyph in the font and no outline.
        let wanted: BTreeSet<char> = "aю\u{a0}中".chars().collect();
        let mut data = notosans::REGULAR_TTF.to_vec();
        assert_eq!(drawn_by(&data, 0, &wanted), ['a', 'ю']);
        let face = FontRef::new(&data).unwrap();
        let tables = face.table_directory().table_records();
        let permissions = tables.iter().find(|table| table.tag() == *b"OS/2").unwrap().offset() as usize + 8;
        for (permission, drawn) in [(0, 2), (0b0010, 0), (0b0100, 2), (0b1000, 2), (0b0110, 2)] {
            data[permissions + 1] = permission;
            assert_eq!(drawn_by(&data, 0, &wanted).len(), drawn, "fsType {permission:#b}");
        }
        assert!(drawn_by(&data[..data.len() / 2], 0, &wanted).is_empty());
        assert!(drawn_by(&data, 1, &wanted).is_empty());
    }

    #[test]
    fn what_no_font_has_is_named() {
        let fonts = Fonts::for_characters(&"a\u{f8ff}\u{10fffd}\u{200d}".chars().collect(), Fallback::System);
        assert!(fonts.undrawn.contains_key(&'\u{10fffd}'));
        assert!(!fonts.undrawn.contains_key(&'\u{200d}'));
        assert_eq!(fonts.choose(Style::Bold, "\u{10fffd}"), UNDRAWN);
    }
}
