//! How the type of a credential would be drawn. An app that draws it fetches what is named here, and checks it before it shows it.

use std::sync::Arc;

use symbolon_credential::sd_jwt_vc as core;
use symbolon_credential::sd_jwt_vc::TypeRendering;

/// How the type of a credential would be drawn, in the language of the person. Empty where its type does not say.
#[derive(Clone, Default, uniffi::Record)]
pub struct Rendering {
    /// The logo.
    pub logo: Option<Arc<RenderingResource>>,
    /// What the logo shows, for people who do not see it.
    pub logo_alternative_text: Option<String>,
    /// The background.
    pub background_image: Option<Arc<RenderingResource>>,
    /// A CSS colour.
    pub background_color: Option<String>,
    /// A CSS colour.
    pub text_color: Option<String>,
    /// Templates, in the order of the type.
    pub svg_templates: Vec<SvgTemplate>,
}

/// Something to fetch, or that is there already in a `data:` URI.
#[derive(uniffi::Object)]
pub struct RenderingResource(core::RenderingResource);

#[uniffi::export]
impl RenderingResource {
    /// An `https` URL or a `data:` URI.
    pub fn uri(&self) -> String {
        self.0.uri.to_string()
    }

    /// Whether these bytes are what the type means. Others must not be shown: somebody else put them there.
    pub fn may_show(&self, bytes: Vec<u8>) -> bool {
        self.0.check(&bytes).is_ok()
    }
}

/// A template, and what it is best for.
#[derive(Clone, uniffi::Record)]
pub struct SvgTemplate {
    /// The template.
    pub resource: Arc<RenderingResource>,
    /// How it lies.
    pub orientation: Option<Orientation>,
    /// What it is seen on.
    pub color_scheme: Option<ColorScheme>,
    /// For which eyes it is.
    pub contrast: Option<Contrast>,
}

/// How a template lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum Orientation {
    /// Upright.
    Portrait,
    /// On its side.
    Landscape,
}

/// What a template is seen on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum ColorScheme {
    /// Light.
    Light,
    /// Dark.
    Dark,
}

/// For which eyes a template is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum Contrast {
    /// Normal.
    Normal,
    /// High.
    High,
}

impl From<TypeRendering> for Rendering {
    fn from(rendering: TypeRendering) -> Self {
        let templates = rendering.svg_templates.into_iter();
        let svg_templates = templates.map(SvgTemplate::from).collect();
        match rendering.simple {
            None => Self {
                svg_templates,
                ..Self::default()
            },
            Some(simple) => Self {
                logo: simple.logo.map(resource),
                logo_alternative_text: simple.logo_alternative_text,
                background_image: simple.background_image.map(resource),
                background_color: simple.background_color,
                text_color: simple.text_color,
                svg_templates,
            },
        }
    }
}

impl From<core::SvgTemplate> for SvgTemplate {
    fn from(template: core::SvgTemplate) -> Self {
        Self {
            resource: resource(template.resource),
            orientation: template.orientation.map(|orientation| match orientation {
                core::Orientation::Portrait => Orientation::Portrait,
                core::Orientation::Landscape => Orientation::Landscape,
            }),
            color_scheme: template.color_scheme.map(|scheme| match scheme {
                core::ColorScheme::Light => ColorScheme::Light,
                core::ColorScheme::Dark => ColorScheme::Dark,
            }),
            contrast: template.contrast.map(|contrast| match contrast {
                core::Contrast::Normal => Contrast::Normal,
                core::Contrast::High => Contrast::High,
            }),
        }
    }
}

fn resource(found: core::RenderingResource) -> Arc<RenderingResource> {
    Arc::new(RenderingResource(found))
}
