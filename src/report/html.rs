use super::document::Document;
pub fn to_html(_: &Document) -> String {
    String::new()
}
