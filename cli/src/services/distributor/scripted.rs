//! A server of lists for tests: what it serves changes under its clients, and some of it never comes.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

/// What is served at a path.
#[derive(Clone)]
pub(super) enum Served {
    /// This.
    Bytes(Vec<u8>),
    /// Nothing, and the connection stays open.
    Never,
    /// "Not found", once so many ask at once or none of them comes for a while.
    NotFoundTogether(usize),
}

/// The server; it ends with the process of the tests.
pub(super) struct Scripted {
    address: String,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    files: Mutex<BTreeMap<String, Served>>,
    asking: Mutex<Asking>,
    changed: Condvar,
}

#[derive(Default)]
struct Asking {
    now: usize,
    most: usize,
}

impl Scripted {
    pub(super) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let shared = Arc::new(Shared::default());
        let served = Arc::clone(&shared);
        std::thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                let shared = Arc::clone(&served);
                std::thread::spawn(move || shared.answer(connection));
            }
        });
        Self { address, shared }
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.address)
    }

    pub(super) fn serve(&self, path: &str, served: Served) {
        self.shared.files.lock().unwrap().insert(path.to_owned(), served);
    }

    /// How many asked for a file of the last kind at once, at the most.
    pub(super) fn most_at_once(&self) -> usize {
        self.shared.asking.lock().unwrap().most
    }
}

impl Shared {
    fn answer(&self, mut connection: TcpStream) {
        let mut request = vec![0; 4_096];
        let read = connection.read(&mut request).unwrap_or(0);
        let request = String::from_utf8_lossy(&request[..read]).into_owned();
        let path = request.split(' ').nth(1).unwrap_or_default();
        let served = self.files.lock().unwrap().get(path).cloned();
        let (status, body) = match served {
            Some(Served::Bytes(body)) => ("200 OK", body),
            Some(Served::Never) => {
                // The client gives up first.
                let _ = connection.read(&mut [0; 1]);
                return;
            }
            Some(Served::NotFoundTogether(count)) => {
                self.wait_for(count);
                ("404 Not Found", Vec::new())
            }
            None => ("404 Not Found", Vec::new()),
        };
        let length = body.len();
        let head = format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
        let _ = connection.write_all(&[head.as_bytes(), &body].concat());
    }

    fn wait_for(&self, count: usize) {
        let mut asking = self.asking.lock().unwrap();
        asking.now += 1;
        asking.most = asking.most.max(asking.now);
        self.changed.notify_all();
        let patience = Duration::from_secs(5);
        let too_few = |asking: &mut Asking| asking.most < count;
        drop(
            self.changed
                .wait_timeout_while(asking, patience, too_few)
                .unwrap(),
        );
        // Whoever asks more at once than this has asked by then.
        std::thread::sleep(Duration::from_millis(300));
        self.asking.lock().unwrap().now -= 1;
    }
}
