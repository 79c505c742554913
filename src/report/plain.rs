use super::document::Document;
pub fn to_text(_: &Document, _: usize) -> String {
    String::new()
}
