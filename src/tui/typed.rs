//! What was meant by the keys that a system tells of.
//!
//! A terminal sends characters; what a Windows console sends are keys. There a letter of the right-hand Alt comes with Ctrl
//! and Alt, a character that was typed by its number comes as the letting go of Alt, and a paste comes as one key after the
//! other. Here all of it is made into what a terminal would have sent, so that nobody else has to know.

use crossterm::event::{Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

/// So many keys at once are a paste: nobody types so fast.
const PASTE: usize = 3;

/// The keys of one keyboard, as they come.
#[derive(Debug, Default)]
pub struct Typed {
    /// It tells of keys, not of characters.
    console: bool,
    /// Letters that are held down.
    down: Vec<char>,
}

impl Typed {
    /// On this system.
    pub fn here() -> Typed {
        Typed { console: cfg!(windows), down: Vec::new() }
    }

    /// A console, wherever the test runs.
    #[cfg(test)]
    pub fn console() -> Typed {
        Typed { console: true, down: Vec::new() }
    }

    /// Whether to wait a moment for what belongs to the keys at hand.
    pub fn comes_in_bursts(&self) -> bool {
        self.console
    }

    /// What was meant by all that came at once.
    pub fn meant(&mut self, burst: Vec<Event>) -> Vec<Event> {
        if !self.console {
            return burst;
        }
        let (mut meant, mut text) = (Vec::new(), Vec::new());
        for event in burst {
            match event {
                Event::Key(key) => {
                    let Some(key) = self.key(key) else { continue };
                    if letter(&key).is_some() {
                        text.push(key);
                        continue;
                    }
                    flush(&mut text, &mut meant);
                    meant.push(Event::Key(key));
                }
                other => {
                    flush(&mut text, &mut meant);
                    meant.push(other);
                }
            }
        }
        flush(&mut text, &mut meant);
        meant
    }

    /// A key as a terminal would have sent it; none where it sends nothing.
    fn key(&mut self, key: KeyEvent) -> Option<KeyEvent> {
        let KeyCode::Char(c) = key.code else { return (key.kind != KeyEventKind::Release).then_some(key) };
        if key.kind == KeyEventKind::Release {
            // What was held down is let go of, perhaps under another name: Shift may have gone first. What nobody held down
            // was typed by its number.
            let held = self.down.iter().position(|held| *held == c).or(self.down.len().checked_sub(1));
            return match held {
                Some(at) => {
                    self.down.remove(at);
                    None
                }
                None => Some(KeyEvent::from(KeyCode::Char(c))),
            };
        }
        if !self.down.contains(&c) {
            self.down.push(c);
        }
        let (control, alt) = (KeyModifiers::CONTROL, KeyModifiers::ALT);
        if key.modifiers.contains(control | alt) {
            return Some(KeyEvent { modifiers: key.modifiers - control - alt, ..key });
        }
        // Alt with a letter calls nothing; it is not Esc and then the letter.
        (!key.modifiers.contains(alt)).then_some(key)
    }
}

/// The character that a key writes; none for one that commands.
fn letter(key: &KeyEvent) -> Option<char> {
    let control = key.modifiers.contains(KeyModifiers::CONTROL);
    match key.code {
        KeyCode::Char(c) if !control => Some(c),
        KeyCode::Char('j' | 'm') | KeyCode::Enter => Some('\n'),
        KeyCode::Tab if !control => Some('\t'),
        _ => None,
    }
}

/// Keys that came at once: a paste, or what somebody typed.
fn flush(keys: &mut Vec<KeyEvent>, into: &mut Vec<Event>) {
    let keys = std::mem::take(keys);
    // One that is held down comes again and again.
    let is_held = keys.windows(2).all(|pair| pair[0].code == pair[1].code);
    if keys.len() < PASTE || is_held {
        into.extend(keys.into_iter().map(Event::Key));
        return;
    }
    let mut text = String::new();
    for (at, key) in keys.iter().enumerate() {
        // Both halves of a line end are keys of their own: Enter, and Ctrl with it.
        let second = at > 0 && key.modifiers.contains(KeyModifiers::CONTROL) && keys[at - 1].code == KeyCode::Enter;
        text.extend(letter(key).filter(|_| !second));
    }
    into.push(Event::Paste(text));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(code: KeyCode, modifiers: KeyModifiers, kind: KeyEventKind) -> Event {
        Event::Key(KeyEvent::new_with_kind(code, modifiers, kind))
    }

    const PLAIN: KeyModifiers = KeyModifiers::NONE;

    fn pressed(c: char, modifiers: KeyModifiers) -> Event {
        key(KeyCode::Char(c), modifiers, KeyEventKind::Press)
    }

    fn released(c: char) -> Event {
        key(KeyCode::Char(c), PLAIN, KeyEventKind::Release)
    }

    /// Keys one after the other, each with its release, as they come from a person.
    fn typed(typed: &mut Typed, all: impl IntoIterator<Item = Event>) -> Vec<Event> {
        all.into_iter().flat_map(|event| typed.meant(vec![event])).collect()
    }

    #[test]
    fn letters_of_the_right_alt_are_letters() {
        let mut keyboard = Typed::console();
        let alt_gr = KeyModifiers::CONTROL | KeyModifiers::ALT;
        for c in ['ñ', '@', '€', 'ą', '{', '\\'] {
            assert_eq!(typed(&mut keyboard, [pressed(c, alt_gr), released(c)]), [pressed(c, PLAIN)], "{c}");
        }
        let upper = alt_gr | KeyModifiers::SHIFT;
        assert_eq!(keyboard.meant(vec![pressed('Ñ', upper)]), [pressed('Ñ', KeyModifiers::SHIFT)]);
        // A command stays one, and Alt alone closes nothing.
        let save = pressed('s', KeyModifiers::CONTROL);
        assert_eq!(keyboard.meant(vec![save.clone()]), [save]);
        assert_eq!(keyboard.meant(vec![pressed('n', KeyModifiers::ALT)]), []);
        // A terminal sends Esc and a letter pressed right after it as one: that is nobody's to change here.
        let both = pressed('n', alt_gr);
        assert_eq!(Typed::default().meant(vec![both.clone(), released('n')]), [both, released('n')]);
    }

    #[test]
    fn a_character_typed_by_its_number_comes_as_a_release() {
        let mut keyboard = Typed::console();
        assert_eq!(typed(&mut keyboard, [released('ñ')]), [pressed('ñ', PLAIN)]);
        // What was pressed and is let go of writes nothing twice, also where Shift went first.
        let upper = pressed('A', KeyModifiers::SHIFT);
        assert_eq!(typed(&mut keyboard, [upper.clone(), released('a')]), [upper]);
        let fast = [pressed('a', PLAIN), pressed('b', PLAIN), released('a'), released('b'), released('é')];
        let meant = [pressed('a', PLAIN), pressed('b', PLAIN), pressed('é', PLAIN)];
        assert_eq!(typed(&mut keyboard, fast), meant);
        let enter = key(KeyCode::Enter, PLAIN, KeyEventKind::Press);
        let up = key(KeyCode::Enter, PLAIN, KeyEventKind::Release);
        assert_eq!(typed(&mut keyboard, [enter.clone(), up]), [enter]);
    }

    #[test]
    fn keys_that_come_at_once_are_a_paste_and_what_is_held_is_none() {
        let mut keyboard = Typed::console();
        let mut burst = Vec::new();
        for c in "q:del\r\n\tx".chars() {
            let (code, modifiers) = match c {
                '\r' => (KeyCode::Enter, PLAIN),
                '\n' => (KeyCode::Enter, KeyModifiers::CONTROL),
                '\t' => (KeyCode::Tab, PLAIN),
                c => (KeyCode::Char(c), PLAIN),
            };
            burst.push(key(code, modifiers, KeyEventKind::Press));
            burst.push(key(code, modifiers, KeyEventKind::Release));
        }
        assert_eq!(keyboard.meant(burst), [Event::Paste("q:del\n\tx".into())]);
        let held = vec![pressed('j', PLAIN); 12];
        assert_eq!(keyboard.meant(held.clone()), held);
        keyboard.meant(vec![released('j')]);
        let two = vec![pressed('g', PLAIN), pressed('n', PLAIN)];
        assert_eq!(keyboard.meant(two.clone()), two);
        let between = Event::Resize(80, 24);
        let mixed = vec![two[0].clone(), between.clone(), two[1].clone()];
        assert_eq!(keyboard.meant(mixed.clone()), mixed);
    }
}
