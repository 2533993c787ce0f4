#!/bin/sh
# A cutover by curl alone, and what can be done after it: every path and method is taken from the OpenAPI document of the service.
#
#     MEMBER=ck_… OPERATOR=ck_… ADMIN=ck_… examples/curl.sh ADDRESS PROJECT PREVIEW
#
# The keys are of a member of the project, of an operator who is somebody else, and of an operator who is an org_admin, too;
# examples/quickstart.sh --serve prints such keys and the address. Needs curl and jq.
set -eu
if [ $# -ne 3 ]; then
    sed -n 's/^# \{0,1\}//; 2,8p' "$0" >&2
    exit 2
fi
address=$1
project=$2
preview=$3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# ------------------------------------------------------------------------------------------------ what the document says

curl -fsS "$address/v1/openapi.json" -o "$work/openapi.json"

# operation ID [NAME=VALUE...]: its method and its path, with the values in it.
operation() {
    jq -re --arg id "$1" '.paths | to_entries[] | .key as $path | .value | to_entries[]
        | select(.value.operationId? == $id) | "\(.key | ascii_upcase) \($path)"' "$work/openapi.json" >"$work/operation" || {
        echo "the document has no $1" >&2
        return 1
    }
    shift
    for value in "$@"; do
        sed -i "s|{${value%%=*}}|${value#*=}|" "$work/operation"
    done
}

# Keys are not for argument lists, which others see.
authorised() {
    printf 'header = "Authorization: Bearer %s"\n' "$1"
}

# call KEY BODY ID [NAME=VALUE...]: asks, with $header beside it; the answer is in $work/answer, its headers in $work/headers.
call() {
    key=$1
    body=$2
    shift 2
    operation "$@"
    read -r method path <"$work/operation"
    set -- -X "$method" "$address$path" -D "$work/headers" -o "$work/answer" -w '%{http_code}'
    [ -z "$body" ] || set -- "$@" -H 'Content-Type: application/json' --data "$body"
    [ -z "${header:-}" ] || set -- "$@" -H "$header"
    status=$(authorised "$key" | curl -sS -K - "$@")
    header=
    echo "$method $path -> $status"
    case $status in
    2??) ;;
    *)
        jq . "$work/answer" >&2
        return 1
        ;;
    esac
}

said() {
    jq -r "$1" "$work/answer"
}

# watch KEY JOB: its events until the last one, and again from the last that came where the stream ended before.
watch() {
    last=
    : >"$work/events"
    operation get_jobs_job_id_events "job_id=$2"
    read -r method path <"$work/operation"
    until grep -q '^event: end' "$work/events"; do
        authorised "$1" | curl -sSN -K - -H 'Accept: text/event-stream' ${last:+-H "Last-Event-ID: $last"} "$address$path" |
            tee -a "$work/events" | sed -n 's/^data: //p' | jq -r --unbuffered 'select(.step and (has("fraction") | not)) | "  \(.step)"' || true
        last=$(sed -n 's/^id: //p' "$work/events" | tail -n 1)
    done
    call "$1" '' get_jobs_job_id "job_id=$2"
    case $(said .status) in
    completed | verified) ;;
    *)
        jq . "$work/answer" >&2
        return 1
        ;;
    esac
}

# ------------------------------------------------------------------------------------------------------------- the story

echo "== A member asks that $preview becomes production"
header="Idempotency-Key: $$-$(date +%s)"
call "$MEMBER" "{\"preview_id\":\"$preview\",\"customer_note\":\"the new order tables\",\"external_ticket_ref\":\"SHOP-42\"}" \
    post_projects_project_id_cutover_requests "project_id=$project"
request=$(said .id)

echo "== An operator reads it, agrees to what was read, and has preflight look"
call "$OPERATOR" '' get_cutover_requests_request_id "request_id=$request"
seen=$(sed -n 's/^[Ee][Tt][Aa][Gg]: *\("[^"]*"\).*/\1/p' "$work/headers")
header="If-Match: $seen"
call "$OPERATOR" '{"operator_note":"fine tonight"}' post_cutover_requests_request_id_ack "request_id=$request"
call "$OPERATOR" '{}' post_cutover_requests_request_id_preflight "request_id=$request"
said '.preflight.findings[] | select(.severity != "ok") | "  \(.severity): \(.message)"'

echo "== The promotion, and its events"
call "$OPERATOR" '{"verify":"readback"}' post_cutover_requests_request_id_promote "request_id=$request"
watch "$OPERATOR" "$(said .id)"
call "$MEMBER" '' get_cutover_requests_request_id "request_id=$request"
echo "  the request is $(said .status)"

echo "== Back again"
call "$OPERATOR" '{}' post_cutover_requests_request_id_rollback "request_id=$request"
watch "$OPERATOR" "$(said .id)"
call "$MEMBER" '' get_cutover_requests_request_id "request_id=$request"
echo "  the request is $(said .status)"

echo "== A backup, and production from it"
call "$OPERATOR" '{"label":"by curl","verify":"readback"}' post_projects_project_id_backups "project_id=$project"
backup=$(said .id)
watch "$OPERATOR" "$backup"
call "$MEMBER" '' get_backups_backup_id "backup_id=$backup"
echo "  the backup is $(said .status)"
call "$ADMIN" "{\"backup_id\":\"$backup\",\"target_kind\":\"project\",\"confirm\":true,\"verify\":\"readback\"}" \
    post_projects_project_id_restores "project_id=$project"
watch "$ADMIN" "$(said .id)"

echo "== What happened"
call "$MEMBER" '' get_projects_project_id_audit_events "project_id=$project"
said '.items[] | "  \(.at) \(.actor_id) \(.action)"'
