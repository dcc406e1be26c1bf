#!/bin/sh
# Lets schemathesis, a property-based tester, loose on a sandbox with the official descriptions: no 5xx, and no answer of
# another type or shape than documented.
#
#     pip install schemathesis
#     tests/contract/schemathesis.sh path/to/consign path/to/contract [options of `schemathesis run`]
#
# Without schemathesis, or without the descriptions, it says so and does nothing.
set -eu
consign=${1:-target/debug/consign}
contract=${2:-${CONSIGN_CONTRACT:-../shared/contract}}
[ $# -gt 2 ] && shift 2 || set --
if ! command -v schemathesis > /dev/null; then
    echo "skipped: schemathesis is not installed (pip install schemathesis)" >&2
    exit 0
fi
if [ ! -d "$contract" ]; then
    echo "skipped: there are no official descriptions in $contract" >&2
    exit 0
fi

# It keeps what it found in its working directory.
consign=$(realpath "$consign")
contract=$(realpath "$contract")
folder=$(mktemp -d)
cd "$folder"
"$consign" sandbox --listen 127.0.0.1:0 > "$folder/ready" 2> "$folder/log" &
sandbox=$!
trap 'kill "$sandbox" 2> /dev/null || true; rm -rf "$folder"' EXIT
tries=100
while [ ! -s "$folder/ready" ] && [ "$tries" -gt 0 ]; do
    sleep 0.1
    tries=$((tries - 1))
done
# The value of a member in a line of JSON.
text() {
    sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p"
}
url=$(text url < "$folder/ready")
token=$(text token < "$folder/ready")
organization=$(text organization < "$folder/ready")
if [ -z "$url" ]; then
    echo "the sandbox does not start:" >&2
    cat "$folder/log" >&2
    exit 1
fi

# Random ids find nothing but 404s: half of the calls are about an asset, a portal and an instance that are there.
call() {
    curl --silent --show-error --fail -H "Authorization: Bearer $token" "$@"
}
exchange=$url/exchange/api/v2
call --output "$folder/published" -H 'x-sync-publication: true' -F name=Orders -F type=http-api \
    -F properties.apiVersion=v1 "$exchange/organizations/$organization/assets/$organization/orders/1.0.0"
call -X PUT -H 'Content-Type: application/json' -d '[{"versionGroup":"v1"}]' "$exchange/assets/$organization/orders/public"
instance=$(call "$url/_sandbox/instances" -d "{\"groupId\":\"$organization\",\"assetId\":\"orders\",
    \"versionGroup\":\"v1\",\"name\":\"v1:1\",\"endpointUri\":\"https://orders.example\",\"isPublic\":true,
    \"tiers\":[{\"name\":\"Gold\"}]}" | sed 's/"tiers".*//' | text id)
hub=$url/api-experience-hub/api/v1/connections
connection=$(call "$hub" | text id)
target=$(call "$hub" | text targetOrganizationId)
portal=$(call "$hub/$connection/apiPortals" | text targetPortalId)
cat > "$folder/hooks.py" << EOF
import random
import schemathesis

KNOWN = {
    "organizationId": "$organization", "masterOrganizationId": "$organization", "groupId": "$organization",
    "assetId": "orders", "version": "1.0.0", "minorVersion": "1.0", "versionGroup": "v1", "pagePath": "home",
    "targetOrganizationId": "$target", "portalId": "$portal", "targetPortalId": "$portal", "instanceId": "$instance",
    "apiId": "$instance", "apiInstanceId": "$instance",
}
# The schemas that official/departures.rs departs from.
CONTRADICTED = [
    "getOrganizationsByOrganizationidFields", "createOrganizationsByOrganizationidFields",
    "createOrganizationsByOrganizationidCategories", "getAssetsByGroupidByAssetidByVersionPortalDraftPages",
    "getAssetsByGroupidByAssetidIdentities", "getOrganizationsByOrganizationidIdentities",
    "getOrganizationsByOrganizationidAssetsByGroupidByAssetidByVersionPublicationExtendedstatusByRunid",
]
random.seed(1)


@schemathesis.hook
def before_load_schema(context, raw_schema):
    for item in raw_schema["paths"].values():
        for operation in item.values():
            if isinstance(operation, dict) and operation.get("operationId") in CONTRADICTED:
                for response in operation["responses"].values():
                    for content in response.get("content", {}).values():
                        content.pop("schema", None)


@schemathesis.hook
def before_call(context, case, kwargs):
    if case.path_parameters and random.random() < 0.5:
        case.path_parameters = {name: KNOWN.get(name, value) for name, value in case.path_parameters.items()}
EOF

# The descriptions document almost no error, so undocumented statuses cannot be checked; the contract tests do that.
# What deletes comes last.
failed=0
run() {
    SCHEMATHESIS_HOOKS=hooks PYTHONPATH="$folder" schemathesis run "$@" --header "Authorization: Bearer $token" \
        --checks not_a_server_error,response_schema_conformance,content_type_conformance \
        --phases examples,coverage,fuzzing --max-examples 25 --seed 1 --continue-on-failure --no-color || failed=1
}
for api in exchange-experience:/exchange/api/v2 api-experience-hub-consumer:/api-experience-hub; do
    run "$contract/${api%%:*}/api.yaml" --url "$url${api#*:}" --exclude-method DELETE "$@"
    run "$contract/${api%%:*}/api.yaml" --url "$url${api#*:}" --include-method DELETE "$@"
done
exit "$failed"
