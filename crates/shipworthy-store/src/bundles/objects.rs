//! An object store, as calls that block.

use std::{
    collections::BTreeSet,
    path::PathBuf,
    sync::{Arc, OnceLock},
};

use object_store::{Error::NotFound, ObjectStore, ObjectStoreExt, Result as Asked, path::Path};

use super::{connection::Connection, directory::Directory, error::Error};

/// Longer contents go in parts of so many bytes: what is given to a store is copied. S3 takes at
/// least 5 MiB, and at most 10,000 parts.
const PART_BYTES: usize = 8 * 1024 * 1024;

/// An object store, or the local directory that is used as one.
#[derive(Debug)]
pub(super) struct Objects {
    place: Place,
    /// Made when it is first needed: it can fail, and [`Bundles::reading`](super::Bundles::reading)
    /// does not.
    connection: OnceLock<Connection>,
}

#[derive(Debug)]
enum Place {
    Directory(Directory),
    Store(Arc<dyn ObjectStore>),
}

/// What is under a name.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    Nothing,
    Contents(Vec<u8>),
    /// More than was asked for; so many bytes.
    TooLong(u64),
}

impl Objects {
    /// A directory, which need not be there to be read; one that is not has no objects.
    pub(super) fn in_directory(root: PathBuf) -> Self {
        Self { place: Place::Directory(Directory { root }), connection: OnceLock::new() }
    }

    /// Any other object store.
    pub(super) fn in_store(store: Arc<dyn ObjectStore>) -> Self {
        Self { place: Place::Store(store), connection: OnceLock::new() }
    }

    /// Makes ready to write.
    pub(super) fn open(&self) -> Result<(), Error> {
        self.directory().map_or(Ok(()), Directory::open)
    }

    /// Comes before the first object with a prefix.
    pub(super) fn begin(&self, prefix: &str) -> Result<(), Error> {
        self.directory().map_or(Ok(()), |directory| directory.make(prefix))
    }

    /// Comes after the last object with a prefix.
    pub(super) fn end(&self, prefix: &str) -> Result<(), Error> {
        self.directory().map_or(Ok(()), |directory| directory.keep_private(prefix))
    }

    /// Makes or replaces an object. It is durable when this returns.
    pub(super) fn put(&self, path: &Path, contents: &[u8]) -> Result<(), Error> {
        self.call("write", path, async |store: &dyn ObjectStore| write(store, path, contents).await)
    }

    /// Reads an object of at most so many bytes.
    pub(super) fn get(&self, path: &Path, most_bytes: u64) -> Result<Found, Error> {
        self.call("read", path, async |store: &dyn ObjectStore| read(store, path, most_bytes).await)
    }

    /// The names directly below a prefix.
    pub(super) fn names(&self, prefix: &Path) -> Result<BTreeSet<String>, Error> {
        let below = async |store: &dyn ObjectStore| store.list_with_delimiter(Some(prefix)).await;
        let list = self.call("list", prefix, below)?;
        let objects = list.objects.into_iter().map(|object| object.location);
        let paths = objects.chain(list.common_prefixes);
        Ok(paths.filter_map(|path| path.filename().map(str::to_owned)).collect())
    }

    /// Removes an object, durably; none is no matter.
    pub(super) fn delete(&self, path: &Path) -> Result<(), Error> {
        self.call("remove", path, async |store: &dyn ObjectStore| delete(store, path).await)?;
        self.directory().map_or(Ok(()), Directory::flush)
    }

    /// Removes every object directly below a prefix, durably.
    pub(super) fn clear(&self, prefix: &str) -> Result<(), Error> {
        let below = Path::from(prefix);
        for name in self.names(&below)? {
            let path = below.clone().join(name);
            self.call("remove", &path, async |store: &dyn ObjectStore| delete(store, &path).await)?;
        }
        self.directory().map_or(Ok(()), |directory| directory.clear(prefix))
    }

    /// What a message calls an object.
    pub(super) fn name(&self, path: &Path) -> String {
        match &self.place {
            Place::Directory(directory) => directory.root.join(path.as_ref()).display().to_string(),
            Place::Store(store) => format!("{store}/{path}"),
        }
    }

    const fn directory(&self) -> Option<&Directory> {
        match &self.place {
            Place::Directory(directory) => Some(directory),
            Place::Store(_) => None,
        }
    }

    fn call<T: Send>(
        &self,
        doing: &'static str,
        path: &Path,
        work: impl AsyncFnOnce(&dyn ObjectStore) -> Asked<T> + Send,
    ) -> Result<T, Error> {
        let done = self.connection()?.wait(work);
        let done = done.map_err(|source| Error::Io { doing, path: self.name(path).into(), source });
        done?.map_err(|source| Error::Store { doing, name: self.name(path), source: source.into() })
    }

    fn connection(&self) -> Result<&Connection, Error> {
        if let Some(made) = self.connection.get() {
            return Ok(made);
        }
        let name = || self.name(&Path::default());
        let store = match &self.place {
            Place::Store(store) => Ok(Arc::clone(store)),
            Place::Directory(directory) => directory.as_store(),
        };
        let store = store.map_err(|source| Error::Store {
            doing: "open",
            name: name(),
            source: source.into(),
        })?;
        let made = Connection::new(store).map_err(|source| Error::Io {
            doing: "open",
            path: name().into(),
            source,
        })?;
        Ok(self.connection.get_or_init(|| made))
    }
}

async fn write(store: &dyn ObjectStore, path: &Path, contents: &[u8]) -> Asked<()> {
    if contents.len() <= PART_BYTES {
        return store.put(path, contents.to_vec().into()).await.map(drop);
    }
    let mut upload = store.put_multipart(path).await?;
    for part in contents.chunks(PART_BYTES) {
        if let Err(error) = upload.put_part(part.to_vec().into()).await {
            // What a store on the network keeps of parts costs money; the first error says more.
            let _ = upload.abort().await;
            return Err(error);
        }
    }
    upload.complete().await.map(drop)
}

async fn read(store: &dyn ObjectStore, path: &Path, most_bytes: u64) -> Asked<Found> {
    let object = match store.get(path).await {
        Err(NotFound { .. }) => return Ok(Found::Nothing),
        found => found?,
    };
    match object.meta.size {
        bytes if bytes > most_bytes => Ok(Found::TooLong(bytes)),
        _ => Ok(Found::Contents(object.bytes().await?.into())),
    }
}

async fn delete(store: &dyn ObjectStore, path: &Path) -> Asked<()> {
    match store.delete(path).await {
        Err(NotFound { .. }) => Ok(()),
        deleted => deleted,
    }
}
