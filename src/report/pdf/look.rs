//! How a printed page looks: sizes, spaces and colours, in points, for the three kinds of page: plain, large, card.
//!
//! Every measure of the PDF stands here; [`super::flow`] and [`super::draw`] only use them.

use super::super::document::Document;

/// Colours by what they are for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Ink {
    Text,
    /// Labels and what stands beside the text.
    Soft,
    /// The bar beside a quote, bars and lines of charts, the rule below the title.
    Accent,
    /// Lines between rows, grids.
    Rule,
    /// Behind the heads of tables and notices.
    Shade,
}

impl Ink {
    /// Red, green, blue. Text keeps a contrast of 7:1 to the paper and the shade (WCAG 2.2, 1.4.6), soft text 4.5:1 (1.4.3).
    pub fn rgb(self) -> (u8, u8, u8) {
        match self {
            Ink::Text => (0x1b, 0x1f, 0x24),
            Ink::Soft => (0x55, 0x5d, 0x66),
            Ink::Accent => (0x1f, 0x5f, 0x6b),
            Ink::Rule => (0xc3, 0xca, 0xd0),
            Ink::Shade => (0xf1, 0xf4, 0xf5),
        }
    }
}

/// Measures in points.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Look {
    pub page: (f32, f32),
    /// Left and right.
    pub side: f32,
    /// From the top edge to the first line, and to the header's baseline.
    pub top: f32,
    pub header: f32,
    /// From the bottom edge to the baseline of the footer's last line.
    pub bottom: f32,
    pub body: f32,
    /// Labels, heads of tables, header and footer.
    pub small: f32,
    pub title: f32,
    pub headings: [f32; 3],
    /// A line's height in parts of its letters' size.
    pub leading: f32,
    /// Between paragraphs.
    pub gap: f32,
    pub card: bool,
    pub large: bool,
}

impl Look {
    pub fn of(document: &Document) -> Look {
        let page = document.page.points();
        let plain = Look {
            page,
            side: 66.0,
            top: 72.0,
            header: 42.0,
            bottom: 40.0,
            body: 10.5,
            small: 9.0,
            title: 22.0,
            headings: [15.0, 12.5, 10.5],
            leading: 1.42,
            gap: 7.0,
            card: false,
            large: false,
        };
        if document.page.is_card() {
            let card = Look {
                side: 9.0,
                top: 8.0,
                header: 0.0,
                bottom: 5.5,
                body: 6.6,
                small: 5.2,
                title: 8.6,
                headings: [7.4, 6.9, 6.6],
                leading: 1.2,
                gap: 1.6,
                card: true,
                ..plain
            };
            match document.large {
                true => Look { body: 8.2, small: 6.4, title: 10.4, headings: [9.0, 8.4, 8.2], gap: 2.2, ..card },
                false => card,
            }
        } else if document.large {
            Look {
                side: 58.0,
                body: 14.0,
                small: 12.0,
                title: 26.0,
                headings: [19.0, 16.5, 14.5],
                leading: 1.5,
                gap: 11.0,
                large: true,
                ..plain
            }
        } else {
            plain
        }
    }

    /// The width of the text.
    pub fn width(&self) -> f32 {
        self.page.0 - 2.0 * self.side
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Relative luminance and contrast as WCAG 2.2 defines them.
    fn contrast(one: Ink, other: Ink) -> f64 {
        let light = |(r, g, b): (u8, u8, u8)| {
            let part = |value: u8| {
                let value = f64::from(value) / 255.0;
                if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
            };
            0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b)
        };
        let (one, other) = (light(one.rgb()), light(other.rgb()));
        (one.max(other) + 0.05) / (one.min(other) + 0.05)
    }

    #[test]
    fn letters_stand_out_from_what_is_behind_them() {
        assert!(contrast(Ink::Text, Ink::Shade) >= 7.0);
        assert!(contrast(Ink::Soft, Ink::Shade) >= 4.5);
        assert!(contrast(Ink::Accent, Ink::Shade) >= 4.5);
    }
}
