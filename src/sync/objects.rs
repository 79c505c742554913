//! Object stores, through a library that knows them all; each is told its keys and, where it is not the usual one, its
//! address by the environment: `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_ENDPOINT`, `GOOGLE_SERVICE_ACCOUNT`,
//! `AZURE_STORAGE_ACCOUNT_NAME` and the rest that the library's pages list.
//!
//! The promise: whatever is wrong with the keys, the address, the network or the server is said in one line that says what
//! to do, within [`PATIENCE`]; and what lies there is whole or is not there.

use std::fs::File;
use std::future::Future;
use std::io::{self, Read, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::TryStreamExt;
use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use object_store::azure::{AzureConfigKey, MicrosoftAzureBuilder};
use object_store::gcp::{GoogleCloudStorageBuilder, GoogleConfigKey};
use object_store::path::Path as Key;
use object_store::{
    BackoffConfig, ClientConfigKey, ObjectStore, ObjectStoreExt, PutMode, PutPayload, RetryConfig, WriteMultipart,
};
use tokio::runtime::{Builder, Runtime};

use super::place::Put;

/// A bundle up to this size is put in one piece, which an object store refuses where there is one of that name.
const ONE_PIECE: u64 = 32 << 20;
/// For so long a server may say nothing: someone waits at the screen.
const PATIENCE: Duration = Duration::from_secs(8);
/// How often it is looked meanwhile whether to stop.
const GLANCE: Duration = Duration::from_millis(50);
/// On the slowest line that is still waited for, so many bytes get there in a second.
const SLOWEST: u64 = 8 << 10;
/// Longer than anything takes: the library's own bound on a whole request would cut off a large bundle on a slow line.
const WITHOUT_END: &str = "1 day";

pub struct Objects {
    pub address: String,
    store: Box<dyn ObjectStore>,
    prefix: Key,
    runtime: Runtime,
    /// Set by whoever does not want to wait any more.
    pub stop: Arc<AtomicBool>,
}

/// What an error means, and what to do about it. What the server wrote is never repeated: it may name keys.
fn said(error: object_store::Error) -> io::Error {
    use object_store::Error::{AlreadyExists, NotFound, PermissionDenied, Unauthenticated};
    let mut whole = error.to_string();
    let mut at: Option<&dyn std::error::Error> = std::error::Error::source(&error);
    while let Some(cause) = at {
        whole.push_str(&format!(" {cause}"));
        at = cause.source();
    }
    let has = |words: &[&str]| words.iter().any(|word| whole.contains(word));
    let kind = match &error {
        NotFound { .. } if !has(&["NoSuchBucket"]) => io::ErrorKind::NotFound,
        AlreadyExists { .. } => io::ErrorKind::AlreadyExists,
        _ => io::ErrorKind::Other,
    };
    let words = if kind == io::ErrorKind::NotFound || kind == io::ErrorKind::AlreadyExists {
        "it is not as it was a moment ago"
    } else if has(&["NoSuchBucket", "ContainerNotFound", "bucket does not exist"]) {
        "there is no such bucket at this server. Look at the address, or have the bucket made"
    } else if has(&["RequestTimeTooSkewed", "RequestExpired", "AuthenticationFailed: Request date"]) {
        "this machine's clock is wrong, and the server refuses it. Set the clock"
    } else if matches!(error, PermissionDenied { .. } | Unauthenticated { .. })
        || has(&["SignatureDoesNotMatch", "InvalidAccessKeyId", "AccessDenied", "403 Forbidden", "401 Unauthorized"])
    {
        "the server refuses these keys. Look at them (AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY for s3://), and at what they may do there"
    } else if has(&["scheme is not allowed", "URL scheme"]) {
        NOT_SEALED
    } else if has(&["MissingRegion", "without LOCATION", "PermanentRedirect", "AuthorizationHeaderMalformed"]) {
        "the bucket is in another region. Set AWS_REGION to the one it is in"
    } else if has(&["certificate", "SSL", "TLS", "tls"]) {
        "its certificate is not one that this machine trusts, or no connection is made. Look at the address"
    } else if has(&["Connection refused", "error sending request", "dns", "connect", "reset", "closed", "timed out"]) {
        "the server does not answer, or went away midway. Look at the network and the address; nothing is half done"
    } else if has(&["500 Internal", "502 Bad", "503 Service", "504 Gateway"]) {
        "the server has a trouble of its own. Try again later"
    } else {
        "the server's answer is not understood. Look at the address and the keys"
    };
    io::Error::new(kind, words)
}

const NOT_SEALED: &str =
    "http:// is open to everyone on the way. Use https://, or set AWS_ALLOW_HTTP=true for a server on your own network";

fn silent() -> io::Error {
    io::Error::new(
        io::ErrorKind::TimedOut,
        "the server says nothing. Look at the network and the address, or try again later; nothing is half done",
    )
}

/// Waits for an answer, so long and no longer, and not when told to stop meanwhile.
async fn within<T>(
    stop: &AtomicBool,
    patience: Duration,
    answer: impl Future<Output = object_store::Result<T>>,
) -> io::Result<T> {
    let mut answer = std::pin::pin!(tokio::time::timeout(patience, answer));
    loop {
        if stop.load(Ordering::Relaxed) {
            return Err(io::Error::new(io::ErrorKind::Interrupted, "it was stopped"));
        }
        match tokio::time::timeout(GLANCE, &mut answer).await {
            Ok(Ok(answer)) => return answer.map_err(said),
            Ok(Err(_)) => return Err(silent()),
            Err(_) => {}
        }
    }
}

/// How long so many bytes may take to get there.
fn time_for(bytes: u64) -> Duration {
    PATIENCE + Duration::from_secs(bytes / SLOWEST)
}

fn is_set(names: &[&str]) -> bool {
    names.iter().any(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()))
}

/// Without keys the library would ask the machines of a cloud for some, and wait for an answer that never comes to a laptop.
fn look_for_keys(scheme: &str) -> io::Result<()> {
    let (found, wanted) = match scheme {
        "s3" => {
            let of_a_cloud = [
                "AWS_WEB_IDENTITY_TOKEN_FILE",
                "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
                "AWS_CONTAINER_CREDENTIALS_FULL_URI",
                "AWS_METADATA_ENDPOINT",
                "AWS_SKIP_SIGNATURE",
            ];
            let both = is_set(&["AWS_ACCESS_KEY_ID"]) && is_set(&["AWS_SECRET_ACCESS_KEY"]);
            (both || is_set(&of_a_cloud), "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
        }
        "gs" => {
            let names = [
                "GOOGLE_SERVICE_ACCOUNT",
                "GOOGLE_SERVICE_ACCOUNT_PATH",
                "GOOGLE_SERVICE_ACCOUNT_KEY",
                "GOOGLE_APPLICATION_CREDENTIALS",
                "GOOGLE_SKIP_SIGNATURE",
            ];
            let usual = std::env::var_os("HOME")
                .map(std::path::PathBuf::from)
                .is_some_and(|home| home.join(".config/gcloud/application_default_credentials.json").exists());
            (usual || is_set(&names), "GOOGLE_SERVICE_ACCOUNT (the file with the account's key)")
        }
        "az" => {
            let names = [
                "AZURE_STORAGE_ACCOUNT_KEY",
                "AZURE_STORAGE_ACCESS_KEY",
                "AZURE_STORAGE_MASTER_KEY",
                "AZURE_STORAGE_SAS_KEY",
                "AZURE_STORAGE_SAS_TOKEN",
                "AZURE_STORAGE_TOKEN",
                "AZURE_STORAGE_CLIENT_ID",
                "AZURE_CLIENT_ID",
                "AZURE_FEDERATED_TOKEN_FILE",
                "AZURE_STORAGE_USE_EMULATOR",
                "AZURE_SKIP_SIGNATURE",
                "IDENTITY_ENDPOINT",
            ];
            (is_set(&names), "AZURE_STORAGE_ACCOUNT_NAME and AZURE_STORAGE_ACCOUNT_KEY")
        }
        _ => (true, ""),
    };
    if !found {
        return Err(io::Error::other(format!(
            "no keys for {scheme}:// are set. Set {wanted}, as whoever keeps the storage gave them to you"
        )));
    }
    let servers = ["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT"];
    let open = |name: &&str| std::env::var(name).is_ok_and(|address| address.starts_with("http://"));
    if scheme == "s3" && servers.iter().any(open) && !is_set(&["AWS_ALLOW_HTTP"]) {
        return Err(io::Error::other(NOT_SEALED));
    }
    Ok(())
}

impl Objects {
    /// # Errors
    /// Where the address is of a kind that is not known, or the environment does not say how to get there.
    pub fn open(address: &str) -> io::Result<Objects> {
        let address = address.trim_end_matches('/');
        let (scheme, rest) = address.split_once("://").unwrap_or(("", address));
        let prefix = Key::parse(rest.split_once('/').map_or("", |(_, prefix)| prefix)).map_err(io::Error::other)?;
        look_for_keys(scheme)?;
        // Someone waits at the screen: what cannot be reached now is tried again at the next sync.
        let backoff = BackoffConfig { max_backoff: Duration::from_secs(1), ..BackoffConfig::default() };
        let retry = RetryConfig { max_retries: 2, retry_timeout: PATIENCE / 2, backoff };
        let store: Box<dyn ObjectStore> = match scheme {
            "s3" => Box::new(
                AmazonS3Builder::from_env()
                    .with_url(address)
                    .with_retry(retry)
                    .with_config(AmazonS3ConfigKey::Client(ClientConfigKey::Timeout), WITHOUT_END)
                    .build()
                    .map_err(said)?,
            ),
            "gs" => Box::new(
                GoogleCloudStorageBuilder::from_env()
                    .with_url(address)
                    .with_retry(retry)
                    .with_config(GoogleConfigKey::Client(ClientConfigKey::Timeout), WITHOUT_END)
                    .build()
                    .map_err(said)?,
            ),
            "az" => Box::new(
                MicrosoftAzureBuilder::from_env()
                    .with_url(address)
                    .with_retry(retry)
                    .with_config(AzureConfigKey::Client(ClientConfigKey::Timeout), WITHOUT_END)
                    .build()
                    .map_err(said)?,
            ),
            _ => {
                return Err(io::Error::other(format!(
                    "{address}: a place is a folder, or its address begins with s3://, gs:// or az://"
                )));
            }
        };
        let runtime = Builder::new_current_thread().enable_all().build()?;
        Ok(Objects { address: address.into(), store, prefix, runtime, stop: Arc::default() })
    }

    fn key(&self, path: &str) -> Key {
        path.split('/').fold(self.prefix.clone(), |key, part| key.join(part))
    }

    /// Every object two steps below the prefix: the folder's name, its own, and its length.
    pub fn list(&self) -> io::Result<Vec<(String, String, u64)>> {
        let found = self.runtime.block_on(async {
            let (mut pages, mut found) = (self.store.list(Some(&self.prefix)), Vec::new());
            while let Some(object) = within(&self.stop, PATIENCE, pages.try_next()).await? {
                found.push(object);
            }
            Ok::<_, io::Error>(found)
        });
        let found = match found {
            // Of a prefix under which there is nothing the list is empty: what is not found is the bucket.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let words = "there is no such bucket at this server. Look at the address, or have the bucket made";
                return Err(io::Error::other(words));
            }
            found => found?,
        };
        let parts = found.iter().filter_map(|object| {
            let mut parts = object.location.prefix_match(&self.prefix)?;
            let (folder, name) = (parts.next()?, parts.next()?);
            parts.next().is_none().then(|| (folder.as_ref().to_string(), name.as_ref().to_string(), object.size))
        });
        Ok(parts.collect())
    }

    /// Copies an object of at most so many bytes to a file of our own.
    pub fn fetch(&self, path: &str, most: u64, to: &mut File) -> io::Result<u64> {
        self.runtime.block_on(async {
            let mut stream = within(&self.stop, PATIENCE, self.store.get(&self.key(path))).await?.into_stream();
            let mut length = 0;
            while let Some(piece) = within(&self.stop, PATIENCE, stream.try_next()).await? {
                length += piece.len() as u64;
                if length > most {
                    return Err(io::Error::new(io::ErrorKind::InvalidData, "it is too large for a bundle"));
                }
                to.write_all(&piece)?;
            }
            Ok(length)
        })
    }

    pub fn put(&self, path: &str, from: &Path) -> io::Result<Put> {
        let key = self.key(path);
        let mut file = File::open(from)?;
        let length = file.metadata()?.len();
        let written = self.runtime.block_on(async {
            if length <= ONE_PIECE {
                let mut bytes = Vec::with_capacity(length as usize);
                file.read_to_end(&mut bytes)?;
                let put = self.store.put_opts(&key, PutPayload::from(bytes), PutMode::Create.into());
                return within(&self.stop, time_for(length), put).await.map(drop);
            }
            // Piece by piece nothing is refused at the end: look first. Only a copy of this installation could come between.
            match within(&self.stop, PATIENCE, self.store.head(&key)).await {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
                Ok(_) => return Err(io::ErrorKind::AlreadyExists.into()),
            }
            let upload = within(&self.stop, PATIENCE, self.store.put_multipart(&key)).await?;
            let mut upload = WriteMultipart::new(upload);
            let sent = send(&self.stop, &mut upload, &mut file).await;
            match sent {
                Ok(()) => within(&self.stop, time_for(ONE_PIECE), upload.finish()).await.map(drop),
                // What was sent of it is not to be seen there; it is taken away where that can still be said.
                Err(error) => {
                    let _ = within(&self.stop, PATIENCE / 4, upload.abort()).await;
                    Err(error)
                }
            }
        });
        match written {
            Ok(()) => Ok(Put::Done),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(Put::Taken),
            Err(error) => Err(error),
        }
    }

    pub fn remove(&self, path: &str) -> io::Result<()> {
        self.runtime.block_on(within(&self.stop, PATIENCE, self.store.delete(&self.key(path))))
    }

    /// A small object whole: a card.
    pub fn small(&self, path: &str, most: u64) -> io::Result<Vec<u8>> {
        self.runtime.block_on(async {
            let found = within(&self.stop, PATIENCE, self.store.get(&self.key(path))).await?;
            if found.meta.size > most {
                return Err(io::Error::other("it is larger than any card"));
            }
            Ok(within(&self.stop, PATIENCE, found.bytes()).await?.to_vec())
        })
    }

    pub fn write_small(&self, path: &str, text: &str) -> io::Result<()> {
        let payload = PutPayload::from(text.as_bytes().to_vec());
        self.runtime.block_on(within(&self.stop, PATIENCE, self.store.put(&self.key(path), payload))).map(drop)
    }
}

async fn send(stop: &AtomicBool, upload: &mut WriteMultipart, file: &mut File) -> io::Result<()> {
    let mut piece = vec![0; 1 << 20];
    loop {
        let many = file.read(&mut piece)?;
        if many == 0 {
            return Ok(());
        }
        within(stop, time_for(ONE_PIECE), upload.wait_for_capacity(2)).await?;
        upload.write(&piece[..many]);
    }
}
