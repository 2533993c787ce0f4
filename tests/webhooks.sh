#!/bin/sh
# What cutoverctl posts, verified by the specification's own library (standardwebhooks of npm, pinned, in a temporary folder) in a
# receiver over TLS, with a certificate authority that is made here.
#
#     tests/webhooks.sh BUILD_DIR
set -u
build=$(cd "${1:-build}" && pwd) || exit 1
passed=0
failed=0
work=$(mktemp -d) || exit 1
receiver=
trap 'test -z "$receiver" || kill "$receiver"; rm -rf "$work"' EXIT
CUTOVER_HOME=$work/home
export CUTOVER_HOME
log=$work/received

give_up() {
    echo "webhooks: $*"
    echo "webhooks: $passed passed, $((failed + 1)) failed"
    exit 1
}

cutoverctl() {
    "$build/cutoverctl" --as operator:olga:operator,member "$@" >"$work/said" 2>&1
}

# expect WHAT COMMAND...: the command succeeds.
expect() {
    what=$1
    shift
    if "$@"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "webhooks: not so: $what"
        cat "$work/said" "$log"
    fi
}

npm install --silent --no-save --ignore-scripts --prefix "$work" standardwebhooks@1.1.1 >"$work/npm" 2>&1 || {
    cat "$work/npm"
    give_up "npm has no standardwebhooks 1.1.1"
}

{
    openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj '/CN=made here' -addext 'basicConstraints=critical,CA:TRUE' \
        -keyout "$work/ca.key" -out "$work/ca.pem" &&
        openssl req -newkey rsa:2048 -nodes -subj '/CN=localhost' -keyout "$work/key.pem" -out "$work/csr.pem" &&
        printf 'subjectAltName=DNS:localhost\n' >"$work/names" &&
        openssl x509 -req -days 2 -in "$work/csr.pem" -CA "$work/ca.pem" -CAkey "$work/ca.key" -CAcreateserial \
            -extfile "$work/names" -out "$work/cert.pem"
} >"$work/openssl" 2>&1 || {
    cat "$work/openssl"
    give_up "openssl makes no certificates"
}

# A line for each request: "verified TYPE", or "refused REASON". The secrets that it takes are in a file, a line each: all must verify.
cat >"$work/receiver.js" <<'END'
const { Webhook } = require("standardwebhooks");
const fs = require("fs");
const https = require("https");
const tell = (line) => fs.appendFileSync("received", line + "\n");
const server = https.createServer({ key: fs.readFileSync("key.pem"), cert: fs.readFileSync("cert.pem") }, (request, response) => {
    const chunks = [];
    request.on("data", (chunk) => chunks.push(chunk));
    request.on("end", () => {
        const body = Buffer.concat(chunks).toString("utf8");
        try {
            for (const secret of fs.readFileSync("secrets", "utf8").trim().split("\n")) {
                const message = new Webhook(secret).verify(body, request.headers);
                let forged = true;
                try { new Webhook(secret).verify(body + " ", request.headers); } catch { forged = false; }
                if (forged || typeof message.data !== "object" || isNaN(Date.parse(message.timestamp)))
                    throw new Error("malformed");
            }
            tell("verified " + JSON.parse(body).type);
            response.writeHead(204);
        } catch (error) {
            tell("refused " + error.message);
            response.writeHead(400);
        }
        response.end();
    });
});
server.listen(0, "localhost", () => fs.writeFileSync("port", String(server.address().port)));
END
(cd "$work" && exec node receiver.js) &
receiver=$!
: >"$log"
waited=0
while ! [ -s "$work/port" ]; do
    waited=$((waited + 1))
    [ "$waited" -lt 300 ] || give_up "the receiver does not begin"
    sleep 0.1
done
url=https://localhost:$(cat "$work/port")/hook

cutoverctl init
cutoverctl project add shop --database 'host=/nonexistent dbname=shop'
cutoverctl preview add next --project shop --database 'host=/nonexistent dbname=next' --expires-in 24h
expect "an endpoint is added by its name" cutoverctl webhook add "$url" --project shop
hook=$(sed -n 's/^webhook \([^:]*\): .*/\1/p' "$work/said")
grep -o 'whsec_.*' "$work/said" >"$work/secrets"

cutoverctl request create --project shop --preview next --note 'größer' --ticket OPS-1
request=$(sed -n 's/^request \([^: ]*\).*/\1/p' "$work/said" | head -n 1)
expect "a request is agreed to" sh -c '"$1/cutoverctl" --as operator:otto request ack "$2" >"$3" 2>&1' sh "$build" "$request" "$work/said"
expect "and taken back" cutoverctl request cancel "$request"

# Without --allow the name resolves to this machine, and that is refused.
cutoverctl webhook deliver --ca-file "$work/ca.pem"
expect "an address that is not public is not connected to" test ! -s "$log"
cutoverctl webhook deliveries "$hook"
expect "and the attempt says so" grep -q 'the host.s address is not public' "$work/said"

# Whoever made the certificate is unknown.
cutoverctl webhook test "$hook" --allow private
expect "a certificate of nobody known is refused" test ! -s "$log"
expect "and the attempt says so" grep -q 'no answer: ' "$work/said"

expect "with its authority known the message is taken" cutoverctl webhook test "$hook" --allow private --ca-file "$work/ca.pem"
expect "and verified by the specification's library" grep -qx 'verified webhook.test' "$log"

# During a rotation both secrets verify, and what failed is tried again by then.
cutoverctl webhook rotate-secret "$hook" --overlap 1h
grep -o 'whsec_.*' "$work/said" >>"$work/secrets"
: >"$log"
expect "a message is signed by both secrets" cutoverctl webhook test "$hook" --allow private --ca-file "$work/ca.pem"
expect "and verified by each" grep -qx 'verified webhook.test' "$log"
waited=0
until grep -qx 'verified cutover.requested' "$log" || [ "$waited" -ge 60 ]; do
    sleep 1
    waited=$((waited + 1))
    cutoverctl webhook deliver --allow private --ca-file "$work/ca.pem"
done
expect "what failed is tried again" grep -qx 'verified cutover.requested' "$log"
expect "nothing was refused" sh -c '! grep "^refused" "$1"' sh "$log"

echo "webhooks: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
