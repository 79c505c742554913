//! Long work beside the screen: on a thread and a way into the file of its own, with how far it is, and always to be stopped.
//!
//! The promise: whoever stops it has the screen back within a second. What hears does so by itself; a question to the file is
//! interrupted; and what cannot hear (a server that is silent, a workbook that is read in one go) is let go: it hears before it
//! could change anything.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};

use crate::store::StoreError;

use super::desk::Desk;
use super::work::{Came, Far, Work};

/// So long a question to the file may go on once it is to stop, and so long everything else.
const INTERRUPTED: Duration = Duration::from_millis(300);
const LET_GO: Duration = Duration::from_millis(700);

type Interrupter = Box<dyn Fn() + Send + Sync>;

/// A piece of work that is being done. Dropped, it is told to stop.
pub struct Job {
    far: Arc<Mutex<Far>>,
    came: Receiver<Result<Came, StoreError>>,
    stop: Arc<AtomicBool>,
    interrupter: Arc<OnceLock<Interrupter>>,
    asked: Option<Instant>,
}

/// How it stands.
pub enum State {
    Going,
    Done(Box<Result<Came, StoreError>>),
    /// It was stopped and did not hear.
    LetGo,
    /// An error of the program's own.
    Died,
}

impl Job {
    /// None for a caseload in memory: there is no second way into it.
    pub fn start(desk: &Desk, work: Work) -> Option<Job> {
        let open = desk.store.once_more()?;
        let around = desk.around();
        let (send, came) = channel();
        let far = Arc::new(Mutex::new(Far::Steps(0)));
        let (stop, interrupter) = (Arc::clone(&around.stop), Arc::new(OnceLock::new()));
        let (told, way) = (Arc::clone(&far), Arc::clone(&interrupter));
        let run = move || {
            let mut show = |far: Far| {
                if let Ok(mut told) = told.lock() {
                    *told = far;
                }
                let stopped = around.stop.load(Ordering::Relaxed);
                if stopped { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            };
            let done = open().and_then(|mut store| {
                let _ = way.set(Box::new(store.interrupter()) as Interrupter);
                work.run(&mut store, &around, &mut show)
            });
            let _ = send.send(done);
        };
        std::thread::Builder::new().spawn(run).ok()?;
        Some(Job { far, came, stop, interrupter, asked: None })
    }

    pub fn far(&self) -> Far {
        self.far.lock().map_or(Far::Steps(0), |far| *far)
    }

    pub fn stop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        self.asked.get_or_insert_with(Instant::now);
    }

    pub fn is_asked_to_stop(&self) -> bool {
        self.asked.is_some()
    }

    pub fn state(&self) -> State {
        match self.came.try_recv() {
            Ok(came) => return State::Done(Box::new(came)),
            Err(TryRecvError::Disconnected) => return State::Died,
            Err(TryRecvError::Empty) => {}
        }
        let since = self.asked.map(|asked| asked.elapsed());
        if since.is_some_and(|since| since > INTERRUPTED)
            && let Some(interrupt) = self.interrupter.get()
        {
            interrupt();
        }
        if since.is_some_and(|since| since > LET_GO) { State::LetGo } else { State::Going }
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}
