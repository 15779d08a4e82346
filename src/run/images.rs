//! What is told of the images of a bundle that was copied.

use std::collections::BTreeSet;

use crate::hub_repository::HubImages;
use crate::report::{Console, counted};
use crate::schema::ImageReference;

/// Says which images come from the copy, and which do not although there is one.
pub fn tell(images: &HubImages, console: &Console) {
    let (left, moved): (Vec<_>, Vec<_>) = images.iter().partition(|(image, stand_in)| image == stand_in);
    let registries: BTreeSet<String> =
        moved.iter().filter_map(|(_, stand_in)| Some(ImageReference::parse(stand_in)?.registry)).collect();
    if !moved.is_empty() {
        let registries = registries.into_iter().collect::<Vec<_>>().join(", ");
        console.done("relocate", format!("{} from {registries}", counted(moved.len(), "image")));
    }
    if !left.is_empty() {
        let images: Vec<&str> = left.into_iter().map(|(image, _)| image.as_str()).collect();
        console.say(format!(
            "warning: not in the relocation map, and pulled from where they were published: {}",
            images.join(", ")
        ));
    }
}
