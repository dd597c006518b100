#!/usr/bin/env bash
# Writes the certificates of the tests: an authority, a server at localhost and another one at example.test, a client.
# They are valid for a hundred years, and good for nothing but tests: their keys are in the open.
set -euo pipefail
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

key() { openssl ecparam -name prime256v1 -genkey -noout -out "$work/$1.key"; }

sign() { # NAME EXTENSIONS
  key "$1"
  openssl req -new -key "$work/$1.key" -subj "/CN=$1" -out "$work/$1.csr"
  openssl x509 -req -in "$work/$1.csr" -CA "$work/ca.crt" -CAkey "$work/ca.key" -CAcreateserial -days 36500 \
    -extfile <(printf '%s\n' "basicConstraints=CA:FALSE" "authorityKeyIdentifier=keyid" "$2") -out "$work/$1.crt"
  cat "$work/$1.key" "$work/$1.crt" > "$1.pem"
}

key ca
openssl req -x509 -new -key "$work/ca.key" -subj "/CN=rondel tests" -days 36500 \
  -addext "keyUsage=critical,keyCertSign,cRLSign" -out "$work/ca.crt"
cp "$work/ca.crt" ca.pem
sign server "subjectAltName=DNS:localhost,IP:127.0.0.1"
sign other "subjectAltName=DNS:example.test"
sign client "extendedKeyUsage=clientAuth"
