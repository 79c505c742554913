//! The program while the screen is open: which stage it is in, what wakes it, when it draws.

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use chrono::NaiveDate;
use crossterm::event::{Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers, MouseEvent};
use ratatui::layout::Rect;
use zeroize::Zeroizing;

use crate::demo;
use crate::store::{Store, StoreError, wall_clock};

use super::act::Flow;
use super::action::{Action, Place};
use super::anew::{self, Why};
use super::daily::Daily;
use super::desk::Desk;
use super::gate::{Gate, Step};
use super::idle::Idle;
use super::job::{Job, State};
use super::overlay::Overlay;
use super::panes::{self, SMALLEST};
use super::terminal::{self, Screen, Wake, Wakes};
use super::theme::Theme;
use super::work::{Far, Work};
use super::{Start, draw, editor, text};

pub enum Stage {
    Gate(Gate),
    Desk(Box<Desk>),
    /// The demo, locked: there is no passphrase, and closing it would lose it.
    Covered(Box<Desk>),
    /// Between two stages.
    Nothing,
}

pub struct App {
    start: Start,
    pub stage: Stage,
    theme: Theme,
    /// Since when nobody typed.
    pub idle: Idle,
    /// It was just locked, and is to start anew before anything is drawn.
    locked: Option<Why>,
    /// A form that could not be kept in the file when it was locked.
    unkept: Option<Zeroizing<Vec<u8>>>,
    /// The backup that is being made.
    daily: Option<Daily>,
    /// The day on which the last one was begun: what failed is told once.
    backed_up: Option<NaiveDate>,
    /// What is still to be said once the terminal is given back.
    pub farewell: Option<String>,
}

/// A change typed into a form is kept when the hands rest this long.
const REST: Duration = Duration::from_millis(700);

/// Whoever is chosen in the list for so long was looked at.
const SEEN: Duration = Duration::from_secs(2);

impl App {
    pub fn new(start: Start, stage: Stage) -> App {
        let theme = Theme::from_env(start.theme.as_deref(), start.plain);
        App {
            start,
            stage,
            theme,
            idle: Idle::new(),
            locked: None,
            unkept: None,
            daily: None,
            backed_up: None,
            farewell: None,
        }
    }

    /// Says what was wrong with the agency's own files, and which of them ask for less than what ships with the program; the
    /// first is enough to make someone look.
    pub fn tell_troubles(&mut self) {
        let wrong = self.start.troubles.iter().map(|trouble| format!("{} The rest is in use.", trouble.told()));
        let weaker = self.start.rules.accepted().iter().map(|told| format!("{told}."));
        // Of the greatest weight, and so the first: where else something of this caseload lies.
        let beside = match (&self.stage, self.start.demo.is_none()) {
            (Stage::Desk(_), true) => crate::store::Left::beside(&self.start.file).told(),
            _ => Vec::new(),
        };
        let told: Vec<String> = beside.into_iter().chain(wrong).chain(weaker).collect();
        let Some(first) = told.first() else { return };
        let more = match told.len() - 1 {
            0 => String::new(),
            many => format!(" And {many} more."),
        };
        let text = format!("{first}{more}");
        if let Stage::Desk(desk) = &mut self.stage {
            desk.trouble(text);
        }
    }

    pub fn run(&mut self, screen: &mut Screen, wakes: &Wakes) -> anyhow::Result<()> {
        self.draw(screen)?;
        if self.begins_with_sync()? {
            if !self.settle(screen, wakes)? {
                return Ok(());
            }
            self.draw(screen)?;
        }
        self.look_ahead()?;
        if let Stage::Desk(desk) = &mut self.stage {
            let asked = desk.ask_whose_laptop();
            if self.survive(asked.map_err(Into::into), false)? {
                self.draw(screen)?;
            }
        }
        self.back_up();
        loop {
            let wake = wakes.wait(self.patience());
            let due = self.locks_itself();
            let mut changed = due
                || wake.is_none() && {
                    let rested = self.rested();
                    self.survive(rested, true)?
                };
            let mut next = wake;
            // All keys that wait are taken before the next frame.
            while let Some(wake) = next {
                // What was typed before anyone could see that it is locked was not meant for the gate.
                let typed = matches!(wake, Wake::Event(Event::Key(_) | Event::Paste(_) | Event::Mouse(_)));
                if !(typed && (due || self.locked.is_some())) {
                    let taken = self.take(wake, screen, wakes);
                    match self.survive(taken, Some(true))? {
                        Some(redraw) => changed |= redraw,
                        None => return Ok(()),
                    }
                }
                next = wakes.at_hand();
            }
            self.announce(screen)?;
            changed |= self.back_up();
            if changed {
                let settled = self.settle(screen, wakes);
                if !self.survive(settled, true)? {
                    return Ok(());
                }
                self.draw(screen)?;
                let ahead = self.look_ahead();
                self.survive(ahead, ())?;
            }
        }
    }

    /// An error of the file is told, and what is open stays: a damaged page or a changed passphrase takes nobody's form away.
    fn survive<T>(&mut self, done: anyhow::Result<T>, otherwise: T) -> anyhow::Result<T> {
        let error = match done {
            Ok(done) => return Ok(done),
            Err(error) => error.downcast::<StoreError>()?,
        };
        let Stage::Desk(desk) = &mut self.stage else { return Err(error.into()) };
        desk.failed(error);
        Ok(otherwise)
    }

    /// Makes the backup of the day beside everything else; says whether there is something to show of it.
    fn back_up(&mut self) -> bool {
        let Stage::Desk(desk) = &mut self.stage else { return false };
        let today = desk.store.now().date_naive();
        if self.daily.is_none() && self.backed_up != Some(today) && desk.store.backup_is_due().unwrap_or(false) {
            self.backed_up = Some(today);
            self.daily = Daily::start(&desk.store);
        }
        let Some(daily) = self.daily.take_if(|daily| daily.is_done()) else { return false };
        let kept = daily.keep(&mut desk.store);
        kept.is_err_and(|error| {
            desk.trouble(format!("No backup was made today: {error}"));
            true
        })
    }

    fn look_ahead(&mut self) -> anyhow::Result<()> {
        if let Stage::Desk(desk) = &mut self.stage {
            desk.look_ahead()?;
        }
        Ok(())
    }

    /// Where that is wanted, what comes first after unlocking is a sync.
    fn begins_with_sync(&mut self) -> anyhow::Result<bool> {
        let Stage::Desk(desk) = &mut self.stage else { return Ok(false) };
        if desk.syncs_by_itself() && !desk.store.read_only() && !desk.demo {
            let places = desk.known_places()?;
            desk.work = (!places.is_empty()).then_some(Work::Sync(places));
        }
        Ok(desk.work.is_some())
    }

    /// What an action asked for beyond the desk: other looks, the clipboard, an editor.
    /// Says whether the program goes on.
    fn settle(&mut self, screen: &mut Screen, wakes: &Wakes) -> anyhow::Result<bool> {
        let Stage::Desk(desk) = &mut self.stage else { return Ok(true) };
        if let Some(work) = desk.work.take()
            && !self.perform(work, screen, wakes)?
        {
            return Ok(false);
        }
        let Stage::Desk(desk) = &mut self.stage else { return Ok(true) };
        if let Some((name, plain)) = desk.looks.take() {
            // What was asked for on the command line stands over what was chosen before.
            if self.start.theme.is_none() && !self.start.plain {
                self.theme = Theme::from_env(Some(&name), plain);
                screen.clear()?;
            }
        }
        if let Some(text) = desk.copied.take() {
            terminal::copy(screen, &text)?;
        }
        if std::mem::take(&mut desk.editing) {
            desk.keep_draft();
            terminal::leave();
            let edited = desk.form.as_ref().and_then(|form| form.text_at_hand()).map(|text| editor::edit(&text));
            *screen = terminal::enter()?;
            match edited {
                Some(Ok(text)) => {
                    if let Some(form) = &mut desk.form {
                        form.replace_text(&text);
                    }
                }
                Some(Err(error)) => desk.trouble(format!("{error:#}")),
                None => {}
            }
        }
        Ok(true)
    }

    /// Ten minutes before an appointment the terminal says so, without a name.
    fn announce(&mut self, screen: &mut Screen) -> anyhow::Result<()> {
        let Stage::Desk(desk) = &mut self.stage else { return Ok(()) };
        let now = desk.moment().now;
        // In the order in which they start: the first that is still to come is the only one that can be near.
        let next = desk.queue.get(desk.queue.partition_point(|queued| queued.starts <= now));
        let soon = next.filter(|queued| (queued.starts - now).num_minutes() <= 10);
        let new = soon.copied().filter(|soon| desk.announced != Some(soon.row));
        if let Some(soon) = new.filter(|_| terminal::is_taken()) {
            desk.announced = Some(soon.row);
            terminal::notify(screen, &format!("caseload: an appointment at {}", soon.starts.format("%H:%M")))?;
        }
        Ok(())
    }

    /// How long to sleep at most. An idle screen wakes once a minute, for the day and the lock.
    fn patience(&self) -> Duration {
        match &self.stage {
            Stage::Gate(gate) => gate.wakes().unwrap_or(Duration::from_secs(3600)),
            Stage::Desk(desk) if desk.form.as_ref().is_some_and(|form| form.unkept) => REST,
            Stage::Desk(_) if self.daily.is_some() => REST,
            // Once noted there is nothing to wake for.
            Stage::Desk(desk) if !desk.is_noted() => SEEN.saturating_sub(self.idle.long()) + Duration::from_millis(1),
            Stage::Desk(desk) => {
                let left = lock_after(desk).saturating_sub(self.idle.long());
                left.min(Duration::from_secs(60)).max(Duration::from_millis(1))
            }
            _ => Duration::from_secs(60),
        }
    }

    /// Locks where nobody typed for too long; says whether it did. Asked before every frame, so that none is drawn after.
    pub fn locks_itself(&mut self) -> bool {
        let idle = self.idle.long();
        // No limit is shorter than a minute.
        let due = idle.as_secs() >= 60 && matches!(&self.stage, Stage::Desk(desk) if idle >= lock_after(desk));
        if due {
            self.lock(Why::Idle);
        }
        due
    }

    /// Where it was just locked: starts the program anew, which ends this one. Where that cannot be done the gate is shut here.
    fn begin_anew(&mut self, screen: &mut Screen) -> anyhow::Result<()> {
        let Some(why) = self.locked.take() else { return Ok(()) };
        terminal::leave();
        terminal::forget_keys();
        if self.unkept.is_none() {
            anew::begin(why);
        }
        *screen = terminal::enter()?;
        Ok(())
    }

    /// Nothing happened for a while: says whether the screen changed.
    pub fn rested(&mut self) -> anyhow::Result<bool> {
        let idle = self.idle.long();
        match &mut self.stage {
            Stage::Gate(_) => Ok(true),
            Stage::Desk(desk) => {
                if desk.form.as_ref().is_some_and(|form| form.unkept) && idle >= REST {
                    desk.keep_draft();
                    return Ok(false);
                }
                if !desk.is_list_noted() && idle >= SEEN {
                    desk.list_is_seen();
                    return Ok(desk.message.as_ref().is_some_and(|said| said.trouble));
                }
                if !desk.is_noted() && idle >= SEEN {
                    desk.seen("in the list");
                    return Ok(desk.message.as_ref().is_some_and(|said| said.trouble));
                }
                let elsewhere = desk.store.changed_elsewhere()?;
                if elsewhere {
                    desk.load()?;
                }
                let firm = desk.stands_firm()?;
                // Hands rest: the time to bring the file up to date.
                let _ = desk.store.fold();
                let ticks = desk.timer_ticks();
                let clock = matches!(&desk.overlay, Some(Overlay::Sheet(sheet)) if sheet.has_a_clock());
                // A visit ends by itself, and then asks whether it was kept.
                let ended = desk.line_up();
                Ok(desk.new_minute() || elsewhere || !firm || ticks || clock || ended)
            }
            Stage::Covered(_) | Stage::Nothing => Ok(false),
        }
    }

    /// Closes the file and covers the screen.
    fn lock(&mut self, why: Why) {
        // Its keys are to be gone as well; it is made when the file is open again.
        if self.daily.take().is_some() {
            self.backed_up = None;
        }
        self.stage = match std::mem::replace(&mut self.stage, Stage::Nothing) {
            Stage::Desk(mut desk) if desk.demo => {
                desk.message = None;
                Stage::Covered(desk)
            }
            Stage::Desk(mut desk) => {
                if !desk.keep_screen() {
                    self.unkept = desk.form.as_ref().map(|form| Zeroizing::new(form.draft()));
                }
                self.start.file = desk.store.path().cloned().unwrap_or_else(|| self.start.file.clone());
                // Dropping the desk closes the file and wipes its keys.
                drop(desk);
                self.locked = Some(why);
                Stage::Gate(Gate::locked(&self.start.file, why.told()))
            }
            other => other,
        };
    }

    /// Takes one event: whether to draw, or `None` to leave.
    fn take(&mut self, wake: Wake, screen: &mut Screen, wakes: &Wakes) -> anyhow::Result<Option<bool>> {
        match wake {
            Wake::Stop | Wake::Lost => {
                if let Stage::Desk(desk) = &mut self.stage {
                    desk.keep_draft();
                }
                Ok(None)
            }
            Wake::Suspend => {
                self.suspend()?;
                Ok(Some(false))
            }
            Wake::Continued => {
                // Whoever had the terminal meanwhile left it otherwise.
                terminal::leave();
                *screen = terminal::enter()?;
                Ok(Some(true))
            }
            Wake::Event(Event::Key(key)) if key.kind != KeyEventKind::Release => {
                self.idle.touch();
                // Esc and a key pressed right after it arrive as one: they are meant as two.
                if let (KeyCode::Char(_), true) = (key.code, key.modifiers.contains(KeyModifiers::ALT)) {
                    let then = KeyEvent { modifiers: key.modifiers - KeyModifiers::ALT, ..key };
                    let first = self.key(&KeyEvent::from(KeyCode::Esc), screen, wakes)?;
                    return if first.is_none() { Ok(None) } else { self.key(&then, screen, wakes) };
                }
                self.key(&key, screen, wakes)
            }
            Wake::Event(Event::Paste(text)) => {
                self.idle.touch();
                self.paste(&text)?;
                Ok(Some(true))
            }
            Wake::Event(Event::Mouse(mouse)) => {
                self.idle.touch();
                self.mouse(
                    mouse,
                    screen.size().map_or(Rect::default(), |size| Rect::new(0, 0, size.width, size.height)),
                )
            }
            Wake::Event(Event::Resize(..)) => {
                screen.autoresize()?;
                Ok(Some(true))
            }
            Wake::Event(_) => Ok(Some(false)),
        }
    }

    fn suspend(&mut self) -> anyhow::Result<()> {
        if let Stage::Desk(desk) = &mut self.stage {
            desk.keep_draft();
        }
        terminal::suspend()
    }

    fn key(&mut self, key: &KeyEvent, screen: &mut Screen, wakes: &Wakes) -> anyhow::Result<Option<bool>> {
        match std::mem::replace(&mut self.stage, Stage::Nothing) {
            Stage::Gate(gate) => match gate.key(key) {
                Step::Next(gate) => self.stage = Stage::Gate(gate),
                Step::Open(store) => {
                    let mut desk = self.desk(*store, false)?;
                    if let Some(draft) = self.unkept.take() {
                        desk.form = super::form::Form::from_draft(&draft, &desk).or(desk.form.take());
                    }
                    self.stage = Stage::Desk(Box::new(desk));
                    self.tell_troubles();
                    if !self.begins_with_sync()?
                        && let Stage::Desk(desk) = &mut self.stage
                    {
                        let asked = desk.ask_whose_laptop();
                        self.survive(asked.map_err(Into::into), false)?;
                    }
                }
                Step::Demo => {
                    let spec = demo::Spec {
                        clients: 47,
                        notes: 400,
                        seed: 1,
                        moment: crate::store::local_moment(self.start.today),
                    };
                    let store = demo::in_memory(&spec, wall_clock())?;
                    self.stage = Stage::Desk(Box::new(self.desk(store, true)?));
                }
                Step::Quit => return Ok(None),
            },
            Stage::Covered(desk) => {
                let leave = key.code == KeyCode::Char('q')
                    || (key.code == KeyCode::Char('c') && key.modifiers.contains(KeyModifiers::CONTROL));
                if leave {
                    return Ok(None);
                }
                self.stage = if key.code == KeyCode::Enter { Stage::Desk(desk) } else { Stage::Covered(desk) };
            }
            Stage::Desk(desk) => {
                self.stage = Stage::Desk(desk);
                return self.desk_key(key, screen, wakes);
            }
            Stage::Nothing => {}
        }
        Ok(Some(true))
    }

    fn desk(&self, store: Store, demo: bool) -> Result<Desk, StoreError> {
        let mut store = store;
        store.take_for_today(self.start.today);
        Desk::new(store, self.start.rules.clone(), self.start.keys.clone(), self.start.moments(), demo)
    }

    fn desk_key(&mut self, key: &KeyEvent, screen: &mut Screen, wakes: &Wakes) -> anyhow::Result<Option<bool>> {
        let Stage::Desk(desk) = &mut self.stage else { return Ok(Some(false)) };
        // Another program may have changed the file since the last key, or taken it away.
        if !desk.stands_firm()? {
            return Ok(Some(true));
        }
        let flow = desk.key(key)?;
        let last = match flow {
            Flow::Quit if desk.syncs_by_itself() && !desk.store.read_only() => Some(Work::Sync(desk.known_places()?)),
            _ => None,
        };
        if flow == Flow::Suspend {
            self.suspend()?;
        }
        if let Some(work) = last {
            self.perform(work, screen, wakes)?;
            if let Stage::Desk(desk) = &self.stage {
                let trouble = desk.message.as_ref().filter(|said| said.trouble);
                self.farewell = trouble.map(|said| format!("not synced: {}", said.text));
            }
        }
        Ok(self.flows(flow))
    }

    /// Leaving: a backup that is nearly there is waited for.
    pub fn end(&mut self) {
        if let Stage::Desk(desk) = &self.stage
            && let Some(now) = desk.store.path().filter(|path| **path != self.start.file)
        {
            self.farewell = Some(format!("the caseload is in {} now", now.display()));
        }
        let (Some(daily), Stage::Desk(desk)) = (self.daily.take(), &mut self.stage) else { return };
        if let Err(error) = daily.keep_soon(&mut desk.store) {
            self.farewell.get_or_insert_with(|| format!("no backup was made today: {error}"));
        }
    }

    fn flows(&mut self, flow: Flow) -> Option<bool> {
        match flow {
            Flow::Stay | Flow::Suspend => {}
            Flow::Quit => {
                if let Stage::Desk(desk) = &mut self.stage {
                    desk.keep_draft();
                }
                return None;
            }
            Flow::Lock => self.lock(Why::Asked),
        }
        Some(true)
    }

    /// Does what takes long beside the screen, and shows how far it is; Esc stops it. Says whether the program goes on.
    fn perform(&mut self, work: Work, screen: &mut Screen, wakes: &Wakes) -> anyhow::Result<bool> {
        let Stage::Desk(desk) = &mut self.stage else { return Ok(true) };
        let (theme, title) = (self.theme, work.title());
        let Some(mut job) = Job::start(desk, work.clone()) else {
            // Made-up people in memory: it is done at once.
            let around = desk.around();
            let came = work.run(&mut desk.store, &around, &mut |_| ControlFlow::Continue(()))?;
            desk.came(came)?;
            return Ok(true);
        };
        let (mut goes_on, mut locks, mut shown) = (true, false, None::<Instant>);
        loop {
            if shown.is_none_or(|shown| shown.elapsed() > Duration::from_millis(80)) && terminal::is_taken() {
                shown = Some(Instant::now());
                screen.draw(|frame| progress(frame, title, job.far(), theme))?;
            }
            match job.state() {
                State::Going => {}
                State::Done(came) => {
                    match *came {
                        Ok(came) => desk.came(came)?,
                        Err(error) => desk.refuse(&error.to_string()),
                    }
                    if job.is_asked_to_stop() {
                        desk.stopped();
                    }
                    break;
                }
                State::LetGo => {
                    desk.let_go()?;
                    break;
                }
                State::Died => anyhow::bail!("what was being done was stopped by an error"),
            }
            match wakes.wait(Duration::from_millis(15)) {
                Some(Wake::Stop | Wake::Lost) => {
                    goes_on = false;
                    job.stop();
                }
                Some(Wake::Event(Event::Key(key))) if key.kind != KeyEventKind::Release => {
                    self.idle.touch();
                    let control = key.modifiers.contains(KeyModifiers::CONTROL);
                    if key.code == KeyCode::Esc || (key.code == KeyCode::Char('c') && control) {
                        job.stop();
                    }
                    // Nobody is on the screen now; it locks as soon as there is something to lock.
                    locks |= control && desk.keys.action(&key, Place::Desk) == Some(Action::Lock);
                }
                Some(Wake::Event(Event::Resize(..))) => {
                    screen.autoresize()?;
                    shown = None;
                }
                Some(Wake::Suspend) => terminal::suspend()?,
                Some(Wake::Continued) => {
                    terminal::leave();
                    *screen = terminal::enter()?;
                    shown = None;
                }
                Some(Wake::Event(_)) | None => {}
            }
        }
        if locks {
            self.lock(Why::Asked);
        }
        Ok(goes_on)
    }

    fn paste(&mut self, pasted: &str) -> anyhow::Result<()> {
        match &mut self.stage {
            Stage::Gate(gate) => gate.paste(pasted),
            Stage::Desk(desk) => {
                if desk.stands_firm()? {
                    desk.paste(pasted)?;
                }
            }
            Stage::Covered(_) | Stage::Nothing => {}
        }
        Ok(())
    }

    fn mouse(&mut self, mouse: MouseEvent, area: Rect) -> anyhow::Result<Option<bool>> {
        let plain = self.theme.plain;
        let Stage::Desk(desk) = &mut self.stage else { return Ok(Some(false)) };
        if !desk.stands_firm()? {
            return Ok(Some(true));
        }
        let flow = desk.mouse(mouse, area, plain)?;
        Ok(self.flows(flow))
    }

    fn draw(&mut self, screen: &mut Screen) -> anyhow::Result<()> {
        self.locks_itself();
        self.begin_anew(screen)?;
        // Stopped: the terminal is the shell's until it says to go on.
        if !terminal::is_taken() {
            return Ok(());
        }
        screen.draw(|frame| self.frame(frame))?;
        terminal::keep();
        Ok(())
    }

    fn frame(&mut self, frame: &mut ratatui::Frame<'_>) {
        let area = frame.area();
        let theme = self.theme;
        if area.width < SMALLEST.0 || area.height < SMALLEST.1 {
            let text = format!(
                "This window is too small: {}x{} is the least. It is {}x{}.",
                SMALLEST.0, SMALLEST.1, area.width, area.height
            );
            for (line, y) in text::wrap(&text, usize::from(area.width)).iter().zip(area.y..area.bottom()) {
                panes::put(frame.buffer_mut(), area.x, y, area.width, line, theme.text());
            }
            return;
        }
        let cursor = match &mut self.stage {
            Stage::Gate(gate) => gate.draw(area, frame.buffer_mut(), theme),
            Stage::Covered(_) => {
                let inner = draw::boxed(draw::middle(area, 60, 7), frame.buffer_mut(), "caseload is locked", theme);
                panes::put(
                    frame.buffer_mut(),
                    inner.x + 1,
                    inner.y + 1,
                    inner.width,
                    "This is the demo: Enter opens it again. q leaves.",
                    theme.text(),
                );
                None
            }
            Stage::Desk(desk) => desk.draw_all(area, frame.buffer_mut(), theme),
            Stage::Nothing => None,
        };
        if let Some(cursor) = cursor {
            frame.set_cursor_position(cursor);
        }
    }
}

/// How long nobody may type.
fn lock_after(desk: &Desk) -> Duration {
    Duration::from_secs(desk.lock_minutes() * 60)
}

fn progress(frame: &mut ratatui::Frame<'_>, title: &str, far: Far, theme: Theme) {
    let area = frame.area();
    let inner = draw::boxed(draw::middle(area, 60, 6), frame.buffer_mut(), title, theme);
    let columns = u64::from(inner.width).saturating_sub(2);
    let bar = |done: u64, all: u64| {
        let full = (done.min(all) * columns / all.max(1)) as usize;
        format!("{}{}", "#".repeat(full), ".".repeat(columns as usize - full))
    };
    let mb = |bytes: u64| bytes as f64 / 1e6;
    let stops = "Esc stops; nothing is changed then.";
    let (bar, text) = match far {
        Far::Read(done, all) => (bar(done, all), format!("Read {:.1} of {:.1} MB. {stops}", mb(done), mb(all))),
        Far::Rows(done, all) => (bar(done, all), format!("Taken in: {} %. {stops}", done * 100 / all.max(1))),
        // Something moves, and the count grows.
        Far::Steps(done) => {
            let at = (done / 64 % columns.max(1)) as usize;
            let bar = format!("{}#{}", ".".repeat(at), ".".repeat((columns as usize).saturating_sub(at + 1)));
            (bar, format!("{done} so far. Esc stops; what is not finished changes nothing."))
        }
    };
    panes::put(frame.buffer_mut(), inner.x + 1, inner.y + 1, inner.width, &bar, theme.good());
    let lines = text::wrap(&text, usize::from(inner.width.saturating_sub(2)));
    for (line, y) in lines.iter().zip(inner.y + 2..inner.bottom()) {
        panes::put(frame.buffer_mut(), inner.x + 1, y, inner.width.saturating_sub(1), line, theme.text());
    }
}
