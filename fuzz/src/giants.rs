//! Inputs that are too large to be kept, and small to be written down: depth, width and repetition.
//!
//! Whatever is quadratic in its input, recurses, or grows what it reads shows itself here.

/// The inputs of a target, with a name for each.
pub fn giants(target: &str) -> Vec<(&'static str, Vec<u8>)> {
    if target == "archive" {
        return archive();
    }
    let made: Vec<(&'static str, String)> = match target {
        "answers" => answers(),
        "catalog" => catalog(),
        "credentials" => credentials(),
        "documentation" => documentation(),
        "exchange_json" => exchange_json(),
        "job" => job(),
        "manifest" => manifest(),
        "pom" => pom(),
        "references" => references(),
        "sandbox" => sandbox(),
        "specification" => specification(),
        _ => Vec::new(),
    };
    made.into_iter().map(|(name, text)| (name, text.into_bytes())).collect()
}

/// So many levels of something.
const DEEP: usize = 40_000;

fn deep(open: &str, close: &str) -> String {
    open.repeat(DEEP) + &close.repeat(DEEP)
}

/// Lines that differ by their number.
fn lines(count: usize, line: impl Fn(usize) -> String) -> String {
    (0..count).map(line).collect()
}

/// Ten lists, each of which holds the one before ten times.
fn laughs() -> String {
    let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..10 {
        text.push_str(&format!("a{level}: &a{level} [{}]\n", format!("*a{}, ", level - 1).repeat(10)));
    }
    text
}

fn job() -> Vec<(&'static str, String)> {
    let good = "kind = \"publish\"\n[source]\ndirectory = \".\"\n[defaults]\n";
    vec![
        ("deep lists", format!("{good}x = {}", deep("[", "]"))),
        ("deep tables", format!("{good}x = {}", deep("{a=", "}"))),
        ("deep keys", format!("{good}{}a = 1", "a.".repeat(DEEP))),
        ("deep headers", format!("{good}[{}a]", "a.".repeat(DEEP))),
        ("many headers", good.to_owned() + &lines(20_000, |n| format!("[defaults.a{n}]\n"))),
        ("many keys", good.to_owned() + &lines(20_000, |n| format!("properties.a{n} = 1\n"))),
        ("a long text", format!("{good}name = '{}'", "x".repeat(4 << 20))),
        ("a long number", format!("{good}x = {}", "9".repeat(1 << 19))),
        ("blank lines", "\n".repeat(2 << 20)),
    ]
}

fn catalog() -> Vec<(&'static str, String)> {
    let head = "#%Catalog Descriptor 1.0\n";
    let tags = format!("{head}projects:\n  - main: api.raml\n    tags: ");
    vec![
        ("a bomb of aliases", format!("{head}{}projects: *a9\n", laughs())),
        ("deep lists", tags.clone() + &deep("[", "]")),
        ("deep maps", tags.clone() + &deep("{a: ", "}")),
        ("deep dashes", tags.clone() + "\n      " + &"- ".repeat(DEEP)),
        ("deep questions", format!("{head}{}", "? ".repeat(DEEP))),
        ("open brackets", tags.clone() + &"[".repeat(DEEP)),
        ("many tags", tags.clone() + &format!("[{}]", "a, ".repeat(40_000))),
        ("many projects", format!("{head}projects:\n{}", "  - main: api.raml\n".repeat(3_000))),
        ("many anchors", tags + "\n" + &lines(20_000, |n| format!("      - &a{n} a\n"))),
        ("a long name", format!("{head}projects:\n  - main: {}\n", "a/".repeat(1 << 18))),
        ("many expressions", {
            let nested = "(".repeat(5_000) + &")".repeat(5_000);
            format!("{head}triggerConditions:\n  branch: '{nested}'\nprojects:\n  - main: api.raml\n")
        }),
        ("a large expression", {
            format!("{head}triggerConditions:\n  branch: '(a{{1000}}){{1000}}'\nprojects:\n  - main: api.raml\n")
        }),
    ]
}

fn credentials() -> Vec<(&'static str, String)> {
    vec![
        ("deep lists", format!("{{\"bearer\": {}", deep("[", "]"))),
        ("deep tables", format!("x = {}", deep("{a=", "}"))),
        ("a long token", format!("bearer = '{}'", "x".repeat(1 << 20))),
    ]
}

fn exchange_json() -> Vec<(&'static str, String)> {
    let good = "{\"main\":\"api.raml\",\"classifier\":\"raml\",\"name\":\"A\",";
    vec![
        ("deep lists", format!("{good}\"x\":{}}}", deep("[", "]"))),
        ("deep maps", format!("{good}\"x\":{}1{}}}", "{\"a\":".repeat(DEEP), "}".repeat(DEEP))),
        ("many tags", format!("{good}\"tags\":[{}\"a\"]}}", "\"a\",".repeat(40_000))),
        ("many keys", format!("{good}{}\"y\":1}}", lines(20_000, |n| format!("\"a{n}\":1,")))),
        ("many dependencies", {
            let one = r#"{"groupId":"g","assetId":"a","version":"1.0.0"},"#.repeat(8_000);
            format!("{good}\"dependencies\":[{}]}}", one.trim_end_matches(','))
        }),
        ("a long name", format!("{good}\"assetId\":\"{}\"}}", "x".repeat(4 << 20))),
        ("a long number", format!("{good}\"version\":{}}}", "9".repeat(1 << 20))),
    ]
}

fn pom() -> Vec<(&'static str, String)> {
    let project = |inner: &str| {
        format!(
            "<project><groupId>g</groupId><artifactId>a</artifactId><version>1</version>\
             <packaging>mule-application</packaging>{inner}</project>"
        )
    };
    let properties = |inner: &str| project(&format!("<properties>{inner}</properties>"));
    let long = "x".repeat(60_000);
    vec![
        ("deep elements", deep("<project>", "</project>")),
        ("open elements", "<project>".repeat(DEEP)),
        ("many elements", project(&"<a/>".repeat(40_000))),
        ("many properties", properties(&lines(8_000, |n| format!("<a{n}>x</a{n}>")))),
        ("properties that grow", {
            properties(&format!("<a>{long}</a>{}", lines(8_000, |n| format!("<b{n}>${{a}}</b{n}>"))))
        }),
        ("keyed values that grow", {
            let keyed = lines(8_000, |n| format!("<fields key='k{n}'>${{a}}</fields>"));
            properties(&format!("<a>{long}</a>{keyed}"))
        }),
        ("properties that double", {
            properties(&lines(40, |n| format!("<a{n}>${{a{m}}}${{a{m}}}</a{n}>", m = n + 1)))
        }),
        ("many attributes", project(&format!("<a {}/>", lines(50_000, |n| format!("b{n}='x' "))))),
        ("entities", {
            let laughs = lines(10, |n| format!("<!ENTITY a{} '{}'>", n + 1, format!("&a{n};").repeat(10)));
            format!("<!DOCTYPE project [<!ENTITY a0 'x'>{laughs}]>{}", project("<name>&a10;</name>"))
        }),
        ("a comment", project(&format!("<!-- {} -->", "- ".repeat(1 << 20)))),
        ("a long text", project(&format!("<name>{}</name>", "&amp; ".repeat(30_000)))),
    ]
}

fn specification() -> Vec<(&'static str, String)> {
    let oas = "api.yaml\nopenapi: 3.0.3\ninfo: {title: A, version: 1.0.0}\n";
    let json = "api.json\n{\"openapi\":\"3.0.3\",\"info\":{\"title\":\"A\",\"version\":\"1\"},\"paths\":{},\"x\":";
    let wsdl = "a.wsdl\n<definitions name='A' xmlns='http://schemas.xmlsoap.org/wsdl/'>";
    vec![
        ("deep lists in JSON", format!("{json}{}}}", deep("[", "]"))),
        ("deep maps in JSON", format!("{json}{}1{}}}", "{\"a\":".repeat(DEEP), "}".repeat(DEEP))),
        ("deep lists in YAML", format!("{oas}x: {}", deep("[", "]"))),
        ("deep maps in YAML", format!("{oas}x: {}", deep("{a: ", "}"))),
        ("deep dashes", format!("{oas}x:\n  {}", "- ".repeat(DEEP))),
        ("deep questions", format!("{oas}x:\n  {}", "? ".repeat(DEEP))),
        ("deep indents", oas.to_owned() + &lines(2_000, |n| format!("{}a:\n", " ".repeat(n)))),
        ("open brackets", format!("{oas}x: {}", "[".repeat(DEEP))),
        ("open quotes", format!("{oas}x: [{}", "\"a\n".repeat(DEEP))),
        ("a bomb of aliases", format!("{oas}{}", laughs())),
        ("text that begins too far left", {
            let text = lines(2_000, |n| format!("    x{n}: 'one\n\n two\n  '\n"));
            format!("{oas}x:\n  y:\n{}{text}", lines(30_000, |n| format!("    z{n}: 1\n")))
        }),
        ("a tag on everything", format!("api.raml\n#%RAML 1.0\ntitle: {}a", "!include ".repeat(50_000))),
        ("many includes", {
            format!("api.raml\n#%RAML 1.0\ntitle: A\n{}", lines(6_000, |n| format!("/a{n}: !include a{n}.raml\n")))
        }),
        ("many references", {
            format!("{oas}paths:\n{}", lines(6_000, |n| format!("  /a{n}: {{$ref: 'a{n}.yaml'}}\n")))
        }),
        ("many keys", oas.to_owned() + &lines(30_000, |n| format!("a{n}: 1\n"))),
        ("deep elements", format!("{wsdl}{}", deep("<a>", "</a>"))),
        ("many imports of a WSDL", {
            let imports = lines(6_000, |n| format!("<import location='a{n}.wsdl'/>\n"));
            format!("{wsdl}{imports}<service name='A'/></definitions>")
        }),
        ("a document type", {
            format!("a.wsdl\n<!DOCTYPE a [{}]>{}", "<!ENTITY a 'b'>".repeat(50_000), &wsdl["a.wsdl\n".len()..])
        }),
        ("many imports of protobuf", {
            format!("a.proto\nservice A {{}}\n{}", lines(6_000, |n| format!("import \"a{n}.proto\";\n")))
        }),
        ("many services", format!("a.proto\n{}", lines(20_000, |n| format!("service A{n} {{}}\n")))),
        ("deep braces", format!("a.graphql\ntype A {}", deep("{ a ", "}"))),
        ("open strings", format!("a.graphql\ntype A {{ {}", "\"\"\" \" ".repeat(40_000))),
        ("words", format!("api\n{}", "openapi skills version ".repeat(40_000))),
        ("UTF-16", { format!("api.yaml\n{}", "o\0p\0e\0n\0a\0p\0i\0:\0 \x003\0".to_owned() + &"\0x".repeat(500_000)) }),
    ]
}

fn references() -> Vec<(&'static str, String)> {
    let head = "openapi: 3.0.3\ninfo: {title: A, version: 1.0.0}\npaths:\n";
    let climbing = lines(2_500, |n| format!("  /a{n}: {{$ref: '../common.yaml#/a{n}'}}\n"));
    let json: Vec<String> = (0..2_500).map(|n| format!("\"/a{n}\":{{\"$ref\":\"../common.yaml#/a{n}\"}}")).collect();
    let json = format!(
        "{{\"openapi\":\"3.0.3\",\"info\":{{\"title\":\"A\",\"version\":\"1\"}},\"paths\":{{{}}}}}",
        json.join(",\n")
    );
    vec![
        ("many that climb", format!("=== p/api.yaml\n{head}{climbing}=== common.yaml\nget: {{}}\n")),
        ("many that climb, in JSON", format!("=== p/api.json\n{json}\n=== common.yaml\nget: {{}}\n")),
        ("many that lead nowhere", {
            let lost = lines(6_000, |n| format!("  /a{n}: {{$ref: 'a{n}.yaml'}}\n"));
            format!("=== p/api.yaml\n{head}{lost}")
        }),
        ("all to all", {
            let all = lines(250, |n| format!("/b{n}: {{$ref: 'p{}.yaml'}}\n", n % 15));
            lines(15, |n| format!("=== p{n}.yaml\n{all}")) + &format!("=== api.yaml\n{head}  /a: {{$ref: p0.yaml}}\n")
        }),
        ("a long path", format!("=== api.yaml\n{head}  /a: {{$ref: '{}a.yaml'}}\n", "a/../".repeat(100_000))),
    ]
}

fn documentation() -> Vec<(&'static str, String)> {
    vec![
        ("brackets", "[".repeat(DEEP)),
        ("brackets that close", deep("[", "](a)")),
        ("images in images", deep("![", "](a.png)")),
        ("quotes", "> ".repeat(DEEP)),
        ("dashes", "- ".repeat(DEEP)),
        ("emphasis", "*a _b ".repeat(50_000)),
        ("tags", "<a ".repeat(DEEP)),
        ("comments", "<!-- ".repeat(DEEP)),
        ("backticks", lines(1_000, |n| "`".repeat(n + 1) + " ")),
        ("a table", format!("{}\n{}\n{}", "|a".repeat(2_000), "|-".repeat(2_000), "|\n".repeat(20_000))),
        ("definitions", format!("[a]: http://x/{}\n\n{}", "x".repeat(50_000), "[a]\n".repeat(20_000))),
        ("many links", lines(4_000, |n| format!("[a{n}](a{n}.md#b)\n"))),
        ("many images", lines(4_000, |n| format!("![a{n}](images/a.png?{n})\n"))),
        ("many headings", lines(20_000, |n| format!("# a{n}\n"))),
        ("entities", "&amp;&#0;&#x110000;&nosuch;".repeat(20_000)),
        ("lines", "\r".repeat(1 << 20)),
    ]
}

fn manifest() -> Vec<(&'static str, String)> {
    let head = "path,name,tags,description\n";
    vec![
        ("a quote that is not closed", format!("{head}api.raml,\"{}", "x, y\n".repeat(1 << 20))),
        ("many columns", format!("path{}\n", lines(50_000, |n| format!(",properties.a{n}")))),
        ("many unknown columns", format!("path{}\n", lines(50_000, |n| format!(",unknown{n}")))),
        ("many cells", head.to_owned() + &",".repeat(1 << 20)),
        ("many rows", head.to_owned() + &"api.raml,A,b,c\n".repeat(300)),
        ("blank lines", head.to_owned() + &"\n".repeat(2 << 20) + "api.raml,A,,\n"),
        ("quotes", head.to_owned() + &"\"".repeat(2 << 20)),
        ("many values", format!("{head}api.raml,A,\"{}\",c\n", "a,".repeat(100_000))),
        ("a long name", format!("{head}api.raml,{},,\n", "n".repeat(2 << 20))),
        ("deep JSON", format!("path,fields.a\napi.raml,\"{}\"\n", deep("[", "]"))),
        ("many dependencies", format!("path,dependencies\napi.raml,\"{}\"\n", "g:a:1.0.0,".repeat(20_000))),
    ]
}

/// Archives whose directory names the same empty file again and again (APPNOTE 4.3.7, 4.3.12, 4.3.16).
fn archive() -> Vec<(&'static str, Vec<u8>)> {
    let number = |value: usize| u16::try_from(value).expect("is short").to_le_bytes();
    let claiming = |entries: usize, name: &dyn Fn(usize) -> String| {
        let first = name(0);
        let mut archive =
            [b"PK\x03\x04".as_slice(), &[0; 22], &number(first.len()), &[0; 2], first.as_bytes()].concat();
        let start = archive.len();
        for entry in 0..entries {
            let name = name(entry);
            archive.extend([b"PK\x01\x02".as_slice(), &[0; 24], &number(name.len()), &[0; 16]].concat());
            archive.extend(name.bytes());
        }
        let size = u32::try_from(archive.len() - start).expect("is short").to_le_bytes();
        let start = u32::try_from(start).expect("is short").to_le_bytes();
        let count = number(entries);
        archive.extend([b"PK\x05\x06".as_slice(), &[0; 4], &count, &count, &size, &start, &[0; 2]].concat());
        archive
    };
    vec![
        ("many entries", claiming(15_000, &|entry| format!("{entry}.raml"))),
        ("many entries of one name", claiming(15_000, &|_| "api.raml".to_owned())),
        ("deep names", claiming(40, &|entry| format!("{}{entry}", "a/".repeat(3_000)))),
    ]
}

fn answers() -> Vec<(&'static str, String)> {
    vec![
        ("deep lists", format!("200\n\n{}", deep("[", "]"))),
        ("a deep refusal", format!("400\n\n{{\"details\":{}}}", deep("[", "]"))),
        ("a long refusal", format!("400\ncontent-type: text/plain\n\n{}", "x\u{0} ".repeat(1 << 19))),
        ("many errors", format!("400\n\n{{\"errors\":[{}\"e\"]}}", "{\"a\":[1]},".repeat(8_000))),
        ("many assets", format!("200\n\n[{}{{}}]", r#"{"groupId":"g","assetId":"a"},"#.repeat(8_000))),
        (
            "many steps",
            format!("200\n\n{{\"status\":\"x\",\"steps\":[{}{{}}]}}", "{\"errors\":[\"e\"]},".repeat(8_000)),
        ),
        ("many versions", {
            let versions = lines(3_000, |n| format!("\"1.0.{n}\","));
            format!("200\n\n{{\"version\":\"1\",\"versions\":[{versions}\"2\"],\"otherVersions\":[{versions}\"3\"]}}")
        }),
        ("a long header", format!("429\nretry-after: {}\nx-ratelimit-reset: {0}\n\n", "9".repeat(60_000))),
        ("a long link", format!("202\n\n{{\"publicationStatusLink\":\"/{}\"}}", "a/".repeat(1 << 18))),
        ("a long token", format!("200\n\n{{\"access_token\":\"{}\",\"expires_in\":1e308}}", "x".repeat(1 << 20))),
    ]
}

fn sandbox() -> Vec<(&'static str, String)> {
    let json = |line: &str, body: &str| format!("{line}\ncontent-type: application/json\n\n{body}");
    let graph = |query: &str| {
        json("POST /graph/api/v2/graphql", &serde_json::json!({ "query": query, "variables": {} }).to_string())
    };
    let form = |parts: &str| {
        format!(
            "POST /exchange/api/v2/organizations/~/assets/~/a/1.0.0\ncontent-type: multipart/form-data; boundary=b\n\
             x-sync-publication: true\n\n{parts}--b--\r\n"
        )
    };
    let part = |name: &str, content: &str| {
        format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{content}\r\n")
    };
    let file = |name: &str, content: &str| {
        format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"x\"\r\n\r\n{content}\r\n")
    };
    let names = "n".repeat(20_000);
    let path = lines(60, |n| format!("<{names}{n}>"));
    vec![
        ("deep braces", graph(&deep("{a", "}"))),
        ("deep lists", graph(&format!("{{ assets(searchTerm: {}", deep("[", "]")))),
        ("many fragments", {
            graph(
                &("{ assets { ...F0 } }".to_owned()
                    + &lines(2_000, |n| format!(" fragment F{n} on Asset {{ ...F{} id }}", n + 1))),
            )
        }),
        ("many fields", graph(&format!("{{ assets {{ {} }} }}", lines(20_000, |n| format!("a{n}: id "))))),
        ("a deep body", json("PATCH /exchange/api/v2/assets/~/a", &format!("{{\"name\":{}}}", deep("[", "]")))),
        (
            "many tags",
            json("PUT /exchange/api/v2/assets/~/a/1.0.0/tags", &format!("[{}\"a\"]", "\"a\",".repeat(50_000))),
        ),
        ("many parts", form(&lines(8_000, |n| part(&format!("properties.a{n}"), "x")))),
        ("many values", form(&(part("name", "A") + &part("type", "custom") + &part("tags", &"a,".repeat(100_000))))),
        ("a POM of long names", {
            let pom = format!("<project>{path}{}", "<a></a>".repeat(40_000));
            form(&(part("name", "A") + &part("type", "custom") + &file("files.pom", &pom)))
        }),
        ("a deep POM", form(&(part("type", "custom") + &file("files.pom", &deep("<project>", "</project>"))))),
        ("a deep RAML", {
            let raml = format!("#%RAML 1.0\ntitle: A\nx: {}", deep("[", "]"));
            form(&(part("name", "A") + &part("type", "rest-api") + &file("files.raml.raml", &raml)))
        }),
        ("a deep OAS", {
            let oas = format!("{{\"openapi\":\"3.0.3\",\"x\":{}}}", deep("[", "]"));
            form(&(part("name", "A") + &part("type", "rest-api") + &file("files.oas.json", &oas)))
        }),
        ("a long path", format!("GET /exchange/api/v2/assets/~/{}\n\n", "a/".repeat(3_000))),
        ("a long query", format!("GET /exchange/api/v2/assets?{}\n\n", "types=a&".repeat(7_000))),
    ]
}
