//! One JSON object, as strictly as the wire wants it: every key once, at most 16 deep, integers kept apart from other numbers.

use crate::limits::JSON_DEPTH;
use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use std::{borrow::Cow, collections::HashSet, fmt};

/// A field's value. What no request has a use for keeps no content.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value<'a> {
    Null,
    Bool(bool),
    /// Written without fraction and exponent, and within `i64`.
    Integer(i64),
    Text(Cow<'a, str>),
    /// Another number, an array, an object.
    Other,
}

/// The fields of one JSON object, in their order.
#[derive(Debug, Default)]
pub(crate) struct Object<'a> {
    fields: Vec<(Cow<'a, str>, Value<'a>)>,
}

impl<'a> Object<'a> {
    /// Reads `text` as one object with nothing behind it.
    pub(crate) fn parse(text: &'a str) -> Result<Self, serde_json::Error> {
        let mut reader = serde_json::Deserializer::from_str(text);
        let object = Top.deserialize(&mut reader)?;
        reader.end()?;
        Ok(object)
    }

    /// The field's value; `null` is absent.
    pub(crate) fn get(&self, key: &str) -> Option<&Value<'a>> {
        self.fields.iter().find(|(name, _)| name == key).map(|(_, value)| value).filter(|value| **value != Value::Null)
    }
}

struct Top;

impl<'de> DeserializeSeed<'de> for Top {
    type Value = Object<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Top {
    type Value = Object<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut object = Object::default();
        let mut keys = Keys::default();
        while let Some(Key(key)) = map.next_key()? {
            keys.insert(&key)?;
            object.fields.push((key, map.next_value_seed(Inner { depth: 1 })?));
        }
        Ok(object)
    }
}

/// A string that borrows where it can.
struct Key<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Key<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl<'de> Visitor<'de> for Text {
            type Value = Cow<'de, str>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Cow::Borrowed(text))
            }

            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Cow::Owned(text.to_owned()))
            }
        }
        deserializer.deserialize_str(Text).map(Key)
    }
}

/// The keys of an object so far. A few are compared one by one; many, as only hostile lines have, by hash.
#[derive(Default)]
struct Keys {
    few: Vec<Box<str>>,
    many: HashSet<Box<str>>,
}

impl Keys {
    fn insert<E: Error>(&mut self, key: &str) -> Result<(), E> {
        if self.many.contains(key) || self.few.iter().any(|known| **known == *key) {
            return Err(E::custom(format_args!("the key {:?} stands twice", crate::text::cut(key, 40))));
        }
        if self.few.len() < 24 {
            self.few.push(key.into());
        } else {
            self.many.insert(key.into());
        }
        Ok(())
    }
}

/// A value inside an object or array at `depth`.
struct Inner {
    depth: usize,
}

impl Inner {
    fn deeper<E: Error>(&self) -> Result<usize, E> {
        if self.depth < JSON_DEPTH {
            Ok(self.depth + 1)
        } else {
            Err(E::custom(format_args!("nested over {JSON_DEPTH} deep")))
        }
    }
}

impl<'de> DeserializeSeed<'de> for Inner {
    type Value = Value<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Inner {
    type Value = Value<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
        Ok(Value::Integer(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
        Ok(i64::try_from(value).map_or(Value::Other, Value::Integer))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(Value::Other)
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Value::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Value::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let depth = self.deeper()?;
        while items.next_element_seed(Inner { depth })?.is_some() {}
        Ok(Value::Other)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let depth = self.deeper()?;
        let mut keys = Keys::default();
        while let Some(Key(key)) = map.next_key()? {
            keys.insert(&key)?;
            map.next_value_seed(Inner { depth })?;
        }
        Ok(Value::Other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_object(text: &str) -> bool {
        Object::parse(text).is_ok()
    }

    #[test]
    fn one_object_with_each_key_once() {
        assert!(is_object(r#" {"a":1,"b":{"a":[1,{"a":2}]}} "#));
        for text in [
            "",
            "[]",
            "1",
            "{} {}",
            r#"{"a":1,"a":2}"#,
            r#"{"a":null,"\u0061":2}"#,
            r#"{"x":{"a":1,"a":1}}"#,
            r#"{"a":"\ud800"}"#,
        ] {
            assert!(!is_object(text), "{text}");
        }
        let many: Vec<String> = (0..100).map(|n| format!("\"{n}\":0")).collect();
        assert!(is_object(&format!("{{{}}}", many.join(","))));
        assert!(!is_object(&format!("{{{},\"99\":0}}", many.join(","))));
    }

    #[test]
    fn nested_at_most_sixteen_deep() {
        let nested = |arrays: usize| format!("{{\"a\":{}{}}}", "[".repeat(arrays), "]".repeat(arrays));
        assert!(is_object(&nested(15)));
        assert!(!is_object(&nested(16)));
        assert!(!is_object(&nested(5000)));
    }

    #[test]
    fn integers_are_told_from_other_numbers() {
        fn value(text: &str) -> Option<Value<'_>> {
            Object::parse(text).unwrap().get("n").cloned()
        }
        assert_eq!(value(r#"{"n":-3}"#), Some(Value::Integer(-3)));
        assert_eq!(value(r#"{"n":1.0}"#), Some(Value::Other));
        assert_eq!(value(r#"{"n":1e2}"#), Some(Value::Other));
        assert_eq!(value(r#"{"n":99999999999999999999}"#), Some(Value::Other));
        assert_eq!(value(r#"{"n":null}"#), None);
    }
}
