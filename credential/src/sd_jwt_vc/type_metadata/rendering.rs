//! Colours, pictures and templates (draft-25 §4.4.1). They are decoration: what of them cannot be read is left out, and no
//! credential is refused for it.

use serde_json::{Map, Value};
use thiserror::Error;
use url::Url;

use super::TypeDisplay;
use crate::sd_jwt_vc::integrity::Integrity;

/// Longest `uri`, in bytes: room for a small picture in a `data:` URI.
const MAX_URI_BYTES: usize = 64 << 10;
/// Templates of one entry.
const MAX_TEMPLATES: usize = 16;
/// Longest colour, in bytes: CSS has none of `rgb()` that is longer.
const MAX_COLOR_BYTES: usize = 64;

/// How to render a credential, by each method that is known.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TypeRendering {
    /// `simple`.
    pub simple: Option<SimpleRendering>,
    /// `svg_templates`, in their order.
    pub svg_templates: Vec<SvgTemplate>,
}

/// A card with colours and pictures.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SimpleRendering {
    /// The logo.
    pub logo: Option<RenderingResource>,
    /// What the logo shows, for people who do not see it.
    pub logo_alternative_text: Option<String>,
    /// The background.
    pub background_image: Option<RenderingResource>,
    /// A CSS colour.
    pub background_color: Option<String>,
    /// A CSS colour.
    pub text_color: Option<String>,
}

/// A template, and what it is best for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SvgTemplate {
    /// The template.
    pub resource: RenderingResource,
    /// `orientation`.
    pub orientation: Option<Orientation>,
    /// `color_scheme`.
    pub color_scheme: Option<ColorScheme>,
    /// `contrast`.
    pub contrast: Option<Contrast>,
}

/// How a template lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Orientation {
    /// `portrait`.
    Portrait,
    /// `landscape`.
    Landscape,
}

/// What a template is seen on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColorScheme {
    /// `light`.
    Light,
    /// `dark`.
    Dark,
}

/// For which eyes a template is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Contrast {
    /// `normal`.
    Normal,
    /// `high`.
    High,
}

/// Something to fetch, or that is there already in a `data:` URI.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RenderingResource {
    /// An https URL or a `data:` URI.
    pub uri: Url,
    integrity: Option<Integrity>,
}

/// The bytes are not those that the metadata mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the resource has another hash than the metadata say")]
pub struct ResourceRejected;

impl TypeDisplay {
    /// What can be read of `rendering`.
    #[must_use]
    pub fn rendering(&self) -> TypeRendering {
        let Some(rendering) = &self.rendering else {
            return TypeRendering::default();
        };
        let templates = rendering.get("svg_templates").and_then(Value::as_array);
        TypeRendering {
            simple: rendering.get("simple").and_then(Value::as_object).map(simple),
            svg_templates: templates
                .into_iter()
                .flatten()
                .take(MAX_TEMPLATES)
                .filter_map(template)
                .collect(),
        }
    }
}

impl RenderingResource {
    /// Checks the bytes that were found under [`RenderingResource::uri`] (`uri#integrity`).
    ///
    /// # Errors
    /// [`ResourceRejected`]: they must not be shown.
    pub fn check(&self, bytes: &[u8]) -> Result<(), ResourceRejected> {
        match &self.integrity {
            Some(integrity) if !integrity.matches(bytes) => Err(ResourceRejected),
            _ => Ok(()),
        }
    }

    /// None for another scheme, and for a hash that nobody can compare: the specification forbids to use the resource then.
    fn read(object: &Map<String, Value>) -> Option<Self> {
        let uri = object.get("uri")?.as_str()?;
        let uri = (uri.len() <= MAX_URI_BYTES)
            .then(|| Url::parse(uri).ok())
            .flatten()?;
        if !matches!(uri.scheme(), "https" | "data") {
            return None;
        }
        let integrity = match object.get("uri#integrity") {
            None => None,
            Some(text) => Some(Integrity::parse(text.as_str()?).ok()?),
        };
        Some(Self { uri, integrity })
    }
}

fn simple(object: &Map<String, Value>) -> SimpleRendering {
    let logo = object.get("logo").and_then(Value::as_object);
    let color = |name: &str| {
        let color = object.get(name).and_then(Value::as_str);
        color.filter(|color| is_color(color)).map(str::to_owned)
    };
    SimpleRendering {
        logo: logo.and_then(RenderingResource::read),
        logo_alternative_text: logo
            .and_then(|logo| logo.get("alt_text"))
            .and_then(Value::as_str)
            .map(str::to_owned),
        background_image: object
            .get("background_image")
            .and_then(Value::as_object)
            .and_then(RenderingResource::read),
        background_color: color("background_color"),
        text_color: color("text_color"),
    }
}

/// Nothing that could end a declaration in a style sheet.
fn is_color(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"#(),.% /-".contains(&byte);
    (1..=MAX_COLOR_BYTES).contains(&text.len()) && text.bytes().all(fits)
}

fn template(template: &Value) -> Option<SvgTemplate> {
    let template = template.as_object()?;
    let property = |name: &str| template.get("properties")?.get(name)?.as_str();
    Some(SvgTemplate {
        resource: RenderingResource::read(template)?,
        orientation: match property("orientation") {
            Some("portrait") => Some(Orientation::Portrait),
            Some("landscape") => Some(Orientation::Landscape),
            _ => None,
        },
        color_scheme: match property("color_scheme") {
            Some("light") => Some(ColorScheme::Light),
            Some("dark") => Some(ColorScheme::Dark),
            _ => None,
        },
        contrast: match property("contrast") {
            Some("normal") => Some(Contrast::Normal),
            Some("high") => Some(Contrast::High),
            _ => None,
        },
    })
}
