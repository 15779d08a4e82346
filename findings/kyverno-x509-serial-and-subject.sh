#!/bin/sh
# github.com/kyverno/sdk v0.0.0-20260825082632-68d74afcb07a, whose CEL functions Kyverno v1.19.1 has in policies.kyverno.io
#
# A policy reads certificates and signing requests by `x509.decode`: whom they are for, and a certificate's serial number.
# One certificate has the number 4096, another 2^64 + 4096, a third one of 128 bits, as authorities give them.
#
# Guess:    `Subject` is there for both, as it is in Go's types, whose names the result has. The serial number is exact; since
#           CEL has no such integers, it is text, as the modulus of the public key is.
# Happens:  a request has `Subject`, a certificate has `Issuer` only: to ask for its `Subject` is an error. The serial number
#           is a double of the lowest 64 bits, read with a sign: the first two certificates have one and the same number, the
#           third a negative one, and no error says so. `RawSubject` is there, in base64 of its DER.
# Matters:  to who names certificates by serial number in a report or a generated object, or looks one up in a list: no other
#           tool shows that number. Short ones, as tests have, are right. Who asks for the subject sees the error at once.
set -eu
dir=$(mktemp -d)
trap 'chmod -R u+w "$dir"; rm -rf "$dir"' EXIT
cd "$dir"
export GOTOOLCHAIN=go1.27.3 GOFLAGS="-mod=mod"

cat > main.go <<'GO'
package main

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"time"

	"github.com/google/cel-go/cel"
	kyverno "github.com/kyverno/sdk/extensions/cel/libs/x509"
)

var subject = pkix.Name{CommonName: "app.example.org"}

func certificate(key *rsa.PrivateKey, serial string) string {
	number, _ := new(big.Int).SetString(serial, 10)
	asked := &x509.Certificate{SerialNumber: number, Subject: subject, NotBefore: time.Now(), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, asked, asked, &key.PublicKey, key)
	check(err)
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

func request(key *rsa.PrivateKey) string {
	der, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{Subject: subject}, key)
	check(err)
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: der}))
}

func main() {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	check(err)
	env, err := cel.NewEnv(cel.Variable("text", cel.StringType), kyverno.Lib(kyverno.Latest()))
	check(err)
	evaluate := func(expression, text string) any {
		ast, issues := env.Compile(expression)
		check(issues.Err())
		program, err := env.Program(ast)
		check(err)
		out, _, err := program.Eval(map[string]any{"text": text})
		if err != nil {
			return "error: " + err.Error()
		}
		return out.Value()
	}

	subject, issuer := "x509.decode(text).Subject.CommonName", "x509.decode(text).Issuer.CommonName"
	fmt.Println("request,    ", subject, "", evaluate(subject, request(key)))
	fmt.Println("certificate,", subject, "", evaluate(subject, certificate(key, "4096")))
	fmt.Println("certificate,", issuer, "  ", evaluate(issuer, certificate(key, "4096")))
	for _, serial := range []string{"4096", "18446744073709555712", "226854911280625642308916404954512140970"} {
		fmt.Printf("serial number %-39s  %v\n", serial, evaluate("x509.decode(text).SerialNumber", certificate(key, serial)))
	}
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
GO
go mod init finding 2>/dev/null
go get github.com/kyverno/sdk@v0.0.0-20260825082632-68d74afcb07a 2>log || { cat log >&2; exit 2; }
go run . > seen

cat > expected <<'OUT'
request,     x509.decode(text).Subject.CommonName  app.example.org
certificate, x509.decode(text).Subject.CommonName  error: no such key: Subject
certificate, x509.decode(text).Issuer.CommonName    app.example.org
serial number 4096                                     4096
serial number 18446744073709555712                     4096
serial number 226854911280625642308916404954512140970  -6.148914691236517e+18
OUT
cat seen
diff -u expected seen
