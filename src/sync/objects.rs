//! Object stores, through a library that knows them all; each is told its keys and, where it is not the usual one, its
//! address by the environment: `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_ENDPOINT`, `GOOGLE_SERVICE_ACCOUNT`,
//! `AZURE_STORAGE_ACCOUNT_NAME` and the rest that the library's pages list.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;
use std::time::Duration;

use futures_util::TryStreamExt;
use object_store::aws::AmazonS3Builder;
use object_store::azure::MicrosoftAzureBuilder;
use object_store::gcp::GoogleCloudStorageBuilder;
use object_store::path::Path as Key;
use object_store::{ObjectStore, ObjectStoreExt, PutMode, PutPayload, RetryConfig, WriteMultipart};
use tokio::runtime::{Builder, Runtime};

use super::place::Put;

/// A bundle up to this size is put in one piece, which an object store refuses where there is one of that name.
const ONE_PIECE: u64 = 32 << 20;

pub struct Objects {
    pub address: String,
    store: Box<dyn ObjectStore>,
    prefix: Key,
    runtime: Runtime,
}

fn said(error: object_store::Error) -> io::Error {
    let kind = match &error {
        object_store::Error::NotFound { .. } => io::ErrorKind::NotFound,
        object_store::Error::AlreadyExists { .. } => io::ErrorKind::AlreadyExists,
        _ => io::ErrorKind::Other,
    };
    io::Error::new(kind, error)
}

impl Objects {
    /// # Errors
    /// Where the address is of a kind that is not known, or the environment does not say how to get there.
    pub fn open(address: &str) -> io::Result<Objects> {
        let address = address.trim_end_matches('/');
        let (scheme, rest) = address.split_once("://").unwrap_or(("", address));
        let prefix = Key::parse(rest.split_once('/').map_or("", |(_, prefix)| prefix)).map_err(io::Error::other)?;
        // Someone waits at the screen: what cannot be reached now is tried again at the next sync.
        let retry = RetryConfig { max_retries: 3, retry_timeout: Duration::from_secs(20), ..RetryConfig::default() };
        let store: Box<dyn ObjectStore> = match scheme {
            "s3" => Box::new(AmazonS3Builder::from_env().with_url(address).with_retry(retry).build().map_err(said)?),
            "gs" => Box::new(
                GoogleCloudStorageBuilder::from_env().with_url(address).with_retry(retry).build().map_err(said)?,
            ),
            "az" => {
                Box::new(MicrosoftAzureBuilder::from_env().with_url(address).with_retry(retry).build().map_err(said)?)
            }
            _ => {
                return Err(io::Error::other(format!(
                    "{address}: a place is a folder, or its address begins with s3://, gs:// or az://"
                )));
            }
        };
        let runtime = Builder::new_current_thread().enable_all().build()?;
        Ok(Objects { address: address.into(), store, prefix, runtime })
    }

    fn key(&self, path: &str) -> Key {
        path.split('/').fold(self.prefix.clone(), |key, part| key.join(part))
    }

    /// Every object two steps below the prefix: the folder's name, its own, and its length.
    pub fn list(&self) -> io::Result<Vec<(String, String, u64)>> {
        let found = self.runtime.block_on(self.store.list(Some(&self.prefix)).try_collect::<Vec<_>>()).map_err(said)?;
        let parts = found.iter().filter_map(|object| {
            let mut parts = object.location.prefix_match(&self.prefix)?;
            let (folder, name) = (parts.next()?, parts.next()?);
            parts.next().is_none().then(|| (folder.as_ref().to_string(), name.as_ref().to_string(), object.size))
        });
        Ok(parts.collect())
    }

    pub fn fetch(&self, path: &str, to: &mut File) -> io::Result<u64> {
        self.runtime.block_on(async {
            let mut stream = self.store.get(&self.key(path)).await.map_err(said)?.into_stream();
            let mut length = 0;
            while let Some(piece) = stream.try_next().await.map_err(said)? {
                to.write_all(&piece)?;
                length += piece.len() as u64;
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
                let put = self.store.put_opts(&key, PutPayload::from(bytes), PutMode::Create.into()).await;
                return put.map(drop).map_err(said);
            }
            // Piece by piece nothing is refused at the end: look first. Only a copy of this installation could come between.
            match self.store.head(&key).await {
                Err(object_store::Error::NotFound { .. }) => {}
                Err(error) => return Err(said(error)),
                Ok(_) => return Err(io::ErrorKind::AlreadyExists.into()),
            }
            let mut upload = WriteMultipart::new(self.store.put_multipart(&key).await.map_err(said)?);
            let mut piece = vec![0; 1 << 20];
            loop {
                let many = file.read(&mut piece)?;
                if many == 0 {
                    break;
                }
                upload.wait_for_capacity(2).await.map_err(said)?;
                upload.write(&piece[..many]);
            }
            upload.finish().await.map(drop).map_err(said)
        });
        match written {
            Ok(()) => Ok(Put::Done),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(Put::Taken),
            Err(error) => Err(error),
        }
    }

    pub fn remove(&self, path: &str) -> io::Result<()> {
        self.runtime.block_on(self.store.delete(&self.key(path))).map_err(said)
    }

    /// A small object whole: a card.
    pub fn small(&self, path: &str, most: u64) -> io::Result<Vec<u8>> {
        self.runtime.block_on(async {
            let found = self.store.get(&self.key(path)).await.map_err(said)?;
            if found.meta.size > most {
                return Err(io::Error::other("it is larger than any card"));
            }
            Ok(found.bytes().await.map_err(said)?.to_vec())
        })
    }

    pub fn write_small(&self, path: &str, text: &str) -> io::Result<()> {
        let payload = PutPayload::from(text.as_bytes().to_vec());
        self.runtime.block_on(self.store.put(&self.key(path), payload)).map(drop).map_err(said)
    }
}
