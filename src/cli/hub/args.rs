//! The arguments of `consign hub`. Scripts rely on them: names and meanings are stable.

use camino::Utf8PathBuf;
use clap::{ArgAction, Args, Subcommand, ValueEnum};

use crate::hub::{PortalAsset, SortCriteria};

/// Above what every command takes, so that its own options stand first.
const HEADING: &str = "Which portal";

#[derive(Debug, Args)]
pub(in super::super) struct HubArgs {
    #[command(subcommand)]
    pub(super) command: HubCommand,

    #[command(flatten)]
    pub(super) place: PlaceArgs,
}

/// Which portal, where, and who visits it.
#[derive(Debug, Args)]
pub(super) struct PlaceArgs {
    /// Take server and credentials from the target of a job file
    #[arg(long, value_name = "JOB", global = true, help_heading = HEADING)]
    pub(super) job: Option<Utf8PathBuf>,

    /// Visit the sandbox of the job
    #[arg(long, global = true, help_heading = HEADING)]
    pub(super) sandbox: bool,

    /// Another host: a name (https), or a full origin such as http://127.0.0.1:4180
    #[arg(long, value_name = "URL", global = true, help_heading = HEADING)]
    pub(super) host: Option<String>,

    /// The Anypoint organization, where it decides between several portals
    #[arg(long, value_name = "ID", global = true, help_heading = HEADING)]
    pub(super) organization: Option<String>,

    /// The portal, by id or name; without it the only one there is
    #[arg(long, value_name = "PORTAL", global = true, help_heading = HEADING)]
    pub(super) portal: Option<String>,

    /// The organization that the portal belongs to, such as a Salesforce organization id; with --portal ID nothing is
    /// looked up
    #[arg(long, value_name = "ID", global = true, help_heading = HEADING)]
    pub(super) target_organization: Option<String>,

    /// Print JSON
    #[arg(long, global = true)]
    pub(super) json: bool,
}

#[derive(Debug, Subcommand)]
pub(super) enum HubCommand {
    /// List the portals that you run
    Portals,
    /// Find APIs, and read what is written about them
    Assets {
        #[command(subcommand)]
        command: AssetsCommand,
    },
    /// Manage client applications
    Apps {
        #[command(subcommand)]
        command: AppsCommand,
    },
    /// Ask for access to APIs
    Access {
        #[command(subcommand)]
        command: AccessCommand,
    },
}

#[derive(Debug, Subcommand)]
pub(super) enum AssetsCommand {
    /// List all APIs of the portal, the newest first
    List,
    /// Search the portal
    Search(SearchArgs),
    /// Show one API: its instances, pages and files
    Show(AssetArgs),
    /// Print a page, in Markdown
    Page {
        #[command(flatten)]
        asset: AssetArgs,

        /// The page, by its path
        #[arg(default_value = "home")]
        page: String,
    },
    /// Print the terms and conditions, in Markdown
    Terms(AssetArgs),
    /// Write a file of an API, or an image of its pages
    Resource {
        #[command(flatten)]
        asset: AssetArgs,

        /// The resource, by its id
        resource: String,

        /// Write into a file instead of stdout
        #[arg(long, value_name = "FILE")]
        out: Option<Utf8PathBuf>,
    },
}

#[derive(Debug, Args)]
pub(super) struct AssetArgs {
    /// The API: group/asset/version, such as com.example/payment-api/v1
    pub(super) asset: PortalAsset,
}

#[derive(Debug, Args)]
pub(super) struct SearchArgs {
    /// A part of names and descriptions
    pub(super) term: Option<String>,

    /// Only APIs of a type, such as rest-api; may be repeated
    #[arg(long = "type", value_name = "TYPE")]
    pub(super) types: Vec<String>,

    /// Only APIs of a category; may be repeated
    #[arg(long = "category", value_name = "NAME:VALUE")]
    pub(super) categories: Vec<String>,

    /// The order
    #[arg(long, value_enum)]
    pub(super) sort: Option<SortArg>,

    /// The other way round: the first last
    #[arg(long)]
    pub(super) reverse: bool,

    /// At most so many
    #[arg(long, value_name = "N", default_value_t = 250)]
    pub(super) limit: u32,
}

/// An order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum SortArg {
    /// By name, from A to Z.
    Name,
    /// By the last change, the newest first.
    Updated,
    /// By birth, the newest first.
    Created,
}

impl From<SortArg> for SortCriteria {
    fn from(sort: SortArg) -> Self {
        match sort {
            SortArg::Name => Self::Name,
            SortArg::Updated => Self::LastUpdated,
            SortArg::Created => Self::CreatedAt,
        }
    }
}

#[derive(Debug, Subcommand)]
pub(super) enum AppsCommand {
    /// List your applications
    List {
        /// Only those with a part of a name
        #[arg(long, value_name = "PART")]
        name: Option<String>,

        /// Only those of an instance
        #[arg(long, value_name = "ID")]
        instance: Option<String>,
    },
    /// Show one application
    Show {
        #[command(flatten)]
        app: AppArgs,

        #[command(flatten)]
        secret: SecretArgs,
    },
    /// Make an application for an instance of an API
    Create {
        /// The name, which no other application of the portal has
        name: String,

        /// The API: group/asset/version, such as com.example/payment-api/v1
        #[arg(long)]
        asset: PortalAsset,

        /// The instance of the API, by id
        #[arg(long, value_name = "ID")]
        instance: String,

        #[command(flatten)]
        values: ValueArgs,

        #[command(flatten)]
        secret: SecretArgs,
    },
    /// Change what is named of an application, and keep the rest
    Update {
        #[command(flatten)]
        app: AppArgs,

        /// Another name
        #[arg(long)]
        name: Option<String>,

        #[command(flatten)]
        values: ValueArgs,

        #[command(flatten)]
        secret: SecretArgs,
    },
    /// Delete an application, which ends its contracts
    Delete {
        #[command(flatten)]
        app: AppArgs,

        #[command(flatten)]
        sure: SureArgs,
    },
    /// Give an application a new secret, which ends the old one
    ResetSecret {
        #[command(flatten)]
        app: AppArgs,

        #[command(flatten)]
        sure: SureArgs,

        #[command(flatten)]
        secret: SecretArgs,
    },
    /// Tell whether any application of the portal has a name
    NameExists {
        /// The name
        name: String,
    },
    /// Show the grant types that an application may use
    GrantTypes(AppArgs),
}

#[derive(Debug, Args)]
pub(super) struct AppArgs {
    /// The application, by name or id
    #[arg(value_name = "APP")]
    pub(super) app: String,
}

#[derive(Debug, Args)]
pub(super) struct ValueArgs {
    /// What it is
    #[arg(long, value_name = "TEXT")]
    pub(super) description: Option<String>,

    /// Its address
    #[arg(long, value_name = "URL")]
    pub(super) url: Option<String>,

    /// Where users are sent back to; may be repeated, and an empty one stands for none
    #[arg(long, value_name = "URL")]
    pub(super) redirect_uri: Vec<String>,

    /// A grant type that it uses; may be repeated, and an empty one stands for none
    #[arg(long, value_name = "NAME")]
    pub(super) grant_type: Vec<String>,

    /// Whether users may be sent back to the endpoints of its instances too
    #[arg(long, value_name = "BOOL", action = ArgAction::Set)]
    pub(super) api_endpoints: Option<bool>,
}

#[derive(Debug, Args)]
pub(super) struct SecretArgs {
    /// Show the client secret
    #[arg(long)]
    pub(super) show_secret: bool,
}

#[derive(Debug, Args)]
pub(super) struct SureArgs {
    /// Do not ask
    #[arg(long)]
    pub(super) yes: bool,
}

#[derive(Debug, Subcommand)]
pub(super) enum AccessCommand {
    /// Show the tiers of an instance
    Tiers(InstanceArgs),
    /// Show the grant types that an instance lets in
    GrantTypes(InstanceArgs),
    /// Ask for access to an instance
    Request {
        #[command(flatten)]
        app: AppArgs,

        #[command(flatten)]
        instance: InstanceArgs,

        /// The tier, by name or id
        #[arg(long)]
        tier: Option<String>,

        /// Accept the terms and conditions of the API
        #[arg(long)]
        accept_terms: bool,

        #[command(flatten)]
        secret: SecretArgs,
    },
    /// List the contracts of an application
    List(AppArgs),
    /// Show the contract of an application with an instance
    Show {
        #[command(flatten)]
        app: AppArgs,

        #[command(flatten)]
        instance: InstanceArgs,
    },
    /// Ask for another tier for a contract
    ChangeTier {
        #[command(flatten)]
        app: AppArgs,

        /// The contract, by id
        contract: String,

        /// The tier, by name or id
        tier: String,
    },
}

#[derive(Debug, Args)]
pub(super) struct InstanceArgs {
    /// The API: group/asset/version, such as com.example/payment-api/v1
    pub(super) asset: PortalAsset,

    /// The instance, by id
    pub(super) instance: String,
}
