//! From bytes to a JSON object that can be read in one way only: no duplicate names at any depth, nothing
//! after it, bounded nesting. `serde_json` alone keeps the last of two equal names silently.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// A JSON value whose texts lie in the input where they have no escapes.
#[derive(PartialEq)]
pub(super) enum Json<'a> {
    Null,
    Bool(bool),
    Whole(u64),
    Number(f64),
    Text(Cow<'a, str>),
    List(Vec<Json<'a>>),
    Object(Object<'a>),
}

/// Without what is personal or secret.
impl fmt::Debug for Json<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Json(…)")
    }
}

/// A JSON object, its members sorted by name.
#[derive(Debug, PartialEq)]
pub(super) struct Object<'a>(Vec<(Cow<'a, str>, Json<'a>)>);

impl<'a> Object<'a> {
    /// Reads the whole of `bytes` as one object.
    pub(super) fn parse(bytes: &'a [u8]) -> Result<Self, serde_json::Error> {
        let mut reader = serde_json::Deserializer::from_slice(bytes);
        let value = Nested(DEPTH_LIMIT).deserialize(&mut reader)?;
        reader.end()?;
        match value {
            Json::Object(object) => Ok(object),
            _ => Err(serde_json::Error::custom("not an object")),
        }
    }

    /// The value of a member.
    pub(super) fn find(&self, name: &str) -> Option<&Json<'a>> {
        let at = self.0.binary_search_by(|(key, _)| key.as_ref().cmp(name)).ok()?;
        self.0.get(at).map(|(_, value)| value)
    }

    /// The value of a member, where it is a text.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.find(name)?.as_text()
    }
}

impl<'a> Json<'a> {
    /// The value, where it is a text.
    pub(super) fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The value, where it is an object.
    pub(super) fn as_object(&self) -> Option<&Object<'a>> {
        match self {
            Self::Object(object) => Some(object),
            _ => None,
        }
    }

    /// The value, where it is a list.
    pub(super) fn as_list(&self) -> Option<&[Json<'a>]> {
        match self {
            Self::List(items) => Some(items),
            _ => None,
        }
    }
}

const DEPTH_LIMIT: u8 = 16;

/// Reads a value that may hold this many levels.
struct Nested(u8);

impl Nested {
    fn deeper<E: Error>(&self) -> Result<Self, E> {
        self.0.checked_sub(1).map(Self).ok_or_else(|| E::custom("nested too deeply"))
    }
}

impl Clone for Nested {
    fn clone(&self) -> Self {
        Self(self.0)
    }
}

impl<'de> DeserializeSeed<'de> for Nested {
    type Value = Json<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Nested {
    type Value = Json<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Json::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
        Ok(Json::Whole(value))
    }

    #[expect(clippy::cast_precision_loss, reason = "only a negative number comes here, and none is accepted")]
    fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
        Ok(Json::Number(value as f64))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Self::Value, E> {
        Ok(Json::Number(value))
    }

    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Self::Value, E> {
        Ok(Json::Text(Cow::Borrowed(value)))
    }

    fn visit_str<E>(self, value: &str) -> Result<Self::Value, E> {
        Ok(Json::Text(Cow::Owned(value.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let inner = self.deeper()?;
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(inner.clone())? {
            list.push(item);
        }
        Ok(Json::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
        let inner = self.deeper()?;
        let mut members = Vec::new();
        while let Some(Name(name)) = entries.next_key_seed(Name::default())? {
            members.push((name, entries.next_value_seed(inner.clone())?));
        }
        members.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        if members.windows(2).any(|pair| matches!(pair, [a, b] if a.0 == b.0)) {
            return Err(A::Error::custom("duplicate name"));
        }
        Ok(Json::Object(Object(members)))
    }
}

/// The name of a member. Serde's own `Cow` is always copied.
#[derive(Default)]
struct Name<'a>(Cow<'a, str>);

impl<'de> DeserializeSeed<'de> for Name<'de> {
    type Value = Self;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Name<'de> {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Self, E> {
        Ok(Self(Cow::Borrowed(value)))
    }

    fn visit_str<E>(self, value: &str) -> Result<Self, E> {
        Ok(Self(Cow::Owned(value.to_owned())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_is_read_with_its_escapes() {
        let object = Object::parse(br#" {"\u0061lg":"RS256","n":[1,-2,2.5,null,true],"o":{"x":"a\nb"}} "#).unwrap();
        assert_eq!(object.text("alg"), Some("RS256"));
        let list = object.find("n").and_then(Json::as_list).unwrap();
        assert_eq!(list, [Json::Whole(1), Json::Number(-2.0), Json::Number(2.5), Json::Null, Json::Bool(true)]);
        assert_eq!(object.find("o").and_then(Json::as_object).and_then(|o| o.text("x")), Some("a\nb"));
        assert_eq!(object.find("missing"), None);
    }

    #[test]
    fn what_can_be_read_in_two_ways_is_refused() {
        let cases: [&[u8]; 14] = [
            b"",
            b"[]",
            b"\"RS256\"",
            b"{}{}",
            b"{} x",
            b"\xef\xbb\xbf{}",
            br#"{"a":1,"a":1}"#,
            br#"{"a":1,"\u0061":2}"#,
            br#"{"o":{"a":1,"a":1}}"#,
            br#"{"a":[{"b":1,"b":2}]}"#,
            br#"{"a":1/*x*/}"#,
            b"{\"a\":\"\xff\"}",
            br#"{"a":1e400}"#,
            br#"{"a":1,}"#,
        ];
        for case in cases {
            assert!(Object::parse(case).is_err(), "{}", String::from_utf8_lossy(case));
        }
    }

    #[test]
    fn nesting_is_bounded() {
        let nested = |levels: usize| format!("{{\"a\":{}{}}}", "[".repeat(levels), "]".repeat(levels));
        assert!(Object::parse(nested(15).as_bytes()).is_ok());
        assert!(Object::parse(nested(16).as_bytes()).is_err());
        assert!(Object::parse(nested(100_000).as_bytes()).is_err());
    }
}
