//! The image that should be serving, beside what serves.

use anyhow::Result;
use shipworthy_control::image::{Layout, RELEASE, REVISION};
use shipworthy_control::statement::{Image, how_to_say};
use shipworthy_core::attestation::predicate;

use super::Place;
use super::checks::{Check, Judged};
use super::served::Served;
use crate::commands::image::layout;
use crate::registry::RegistryArgs;

/// An image as it is where it was pushed to.
pub(super) struct Imaged {
    pub(super) digest: String,
    /// The release that it says it has.
    pub(super) release: Option<String>,
    /// The commit that it says the release is of.
    pub(super) revision: Option<String>,
}

impl Imaged {
    /// Reads an image; every part of it is held to its digest.
    ///
    /// # Errors
    /// When there is none, or a part of it is not what it was.
    pub(super) fn ask(image: &str, registry: RegistryArgs) -> Result<Self> {
        let found: Layout = layout(image, registry)?;
        let annotation = |key| found.annotation(key).map(|text| text.escape_debug().to_string());
        Ok(Self {
            digest: found.image().digest().to_string(),
            release: annotation(RELEASE),
            revision: annotation(REVISION),
        })
    }

    /// Whether the release in it answers callers, and says itself that it is in this image.
    pub(super) fn check(&self, served: &[(Place, Served)]) -> Check {
        const NAME: &str = "the image";
        let release = self.release.clone().unwrap_or_else(|| "no release".to_owned());
        let found = served.iter().find(|(_, served)| served.id.as_str() == release);
        let (place, judged) = match found {
            // What decides nothing would hide that the image does not answer.
            Some((Place::Shadow, _)) | None => (Place::None, self.absent(&release)),
            Some((place, served)) => (*place, self.judged(served)),
        };
        Check::of(NAME.to_owned(), (place, release), judged)
    }

    fn absent(&self, release: &str) -> Judged {
        let next = "name the image of the release that serves, or deploy and promote this one's";
        Err((format!("{} has {release}, which answers nobody", self.digest), next.to_owned()))
    }

    fn judged(&self, served: &Served) -> Judged {
        let Self { digest, revision, .. } = self;
        let newest = served.newest(predicate::IMAGE);
        let said = newest.and_then(|said| Image::read(&said.statement.predicate));
        let Some(said) = said else {
            let why = format!("nothing that counts says that the release is in {digest}");
            return Err((why, how_to_say(predicate::IMAGE).to_owned()));
        };
        if said.digest != *digest {
            let why = format!("the release is said to be in {}, and this is {digest}", said.digest);
            return Err((why, "push the image that was built last, or name that one".to_owned()));
        }
        if *revision != served.commit {
            let none = || "no commit".to_owned();
            let (image, release) = (revision.clone(), served.commit.clone());
            let (image, release) = (image.unwrap_or_else(none), release.unwrap_or_else(none));
            let why = format!("{digest} names {image}, and the release {release}");
            return Err((why, how_to_say(predicate::IMAGE).to_owned()));
        }
        Ok(format!("{digest} has it, of the same commit"))
    }
}
