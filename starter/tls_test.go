package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// issued is a certificate with its own authority, in two files.
type issued struct {
	certFile, keyFile string
	leaf              *x509.Certificate
}

// issue makes a certificate for this machine with a serial number, in a new directory.
func issue(t *testing.T, serial int64) issued {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: "callthread"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	leaf, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	in := t.TempDir()
	i := issued{certFile: filepath.Join(in, "tls.crt"), keyFile: filepath.Join(in, "tls.key"), leaf: leaf}
	require.NoError(t, os.WriteFile(i.certFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600))
	require.NoError(t, os.WriteFile(i.keyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER}), 0o600))
	return i
}

// trusting is a client's configuration that trusts a certificate.
func (i issued) trusting() *tls.Config {
	roots := x509.NewCertPool()
	roots.AddCert(i.leaf)
	return &tls.Config{RootCAs: roots}
}

// healthy requests /healthz over https.
func healthy(address string, config *tls.Config) error {
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: config, DisableKeepAlives: true}, Timeout: timeout}
	response, err := client.Get("https://" + address + "/healthz")
	if err == nil {
		_ = response.Body.Close()
	}
	return err
}

func TestReceiverNeedsTLS12(t *testing.T) {
	of := issue(t, 1)
	p := launch(t, "--insecure", "--listen", "127.0.0.1:0", "--metrics-listen", "127.0.0.1:0", "--log-format", "json", "--tls-cert-file", of.certFile, "--tls-key-file", of.keyFile)
	address := p.await(t, "listening").Address
	require.NoError(t, healthy(address, of.trusting()))
	require.Error(t, healthy(address, issue(t, 2).trusting()))
	for version, accepted := range map[uint16]bool{tls.VersionTLS10: false, tls.VersionTLS11: false, tls.VersionTLS12: true, tls.VersionTLS13: true} {
		config := of.trusting()
		config.MinVersion, config.MaxVersion = version, version
		err := healthy(address, config)
		require.Equal(t, accepted, err == nil, "%s: %v", tls.VersionName(version), err)
	}
	config := of.trusting()
	config.NextProtos = []string{"h2", "http/1.1"}
	conn, err := tls.Dial("tcp", address, config)
	require.NoError(t, err)
	require.Equal(t, "http/1.1", conn.ConnectionState().NegotiatedProtocol)
	require.NoError(t, conn.Close())
	status, _ := get(t, "http://"+address+"/healthz")
	require.Equal(t, http.StatusBadRequest, status, "without TLS there is no way in")
	p.stop()
	p.requireEnded(t)
}

func TestClientCAMakesCertificatesRequired(t *testing.T) {
	of, sender, stranger := issue(t, 1), issue(t, 2), issue(t, 3)
	p := launch(t, "--insecure", "--listen", "127.0.0.1:0", "--metrics-listen", "127.0.0.1:0", "--log-format", "json",
		"--tls-cert-file", of.certFile, "--tls-key-file", of.keyFile, "--tls-client-ca-file", sender.certFile)
	address := p.await(t, "listening").Address
	for who, c := range map[string]*issued{"no certificate": nil, "the sender": &sender, "a stranger": &stranger} {
		config := of.trusting()
		if c != nil {
			shown, err := tls.LoadX509KeyPair(c.certFile, c.keyFile)
			require.NoError(t, err)
			config.Certificates = []tls.Certificate{shown}
		}
		require.Equal(t, c == &sender, healthy(address, config) == nil, who)
	}
	p.stop()
	p.requireEnded(t)
}

func TestRenewedCertificateIsLoaded(t *testing.T) {
	before, after := issue(t, 1), issue(t, 2)
	synctest.Test(t, func(t *testing.T) { // the bubble's clock applies to the program, not to the files
		settings := &serverTLS{certFile: before.certFile, keyFile: before.keyFile}
		config, err := settings.config(slog.New(slog.NewTextHandler(io.Discard, nil)))
		require.NoError(t, err)
		serial := func() int64 {
			<-time.After(lookForCertificate)
			shown, err := config.GetCertificate(nil)
			require.NoError(t, err)
			return shown.Leaf.SerialNumber.Int64()
		}
		require.EqualValues(t, 1, serial())
		replace(t, after.certFile, before.certFile)
		require.EqualValues(t, 1, serial(), "the key is still the one before")
		replace(t, after.keyFile, before.keyFile)
		require.EqualValues(t, 2, serial())
		require.NoError(t, os.Remove(before.keyFile))
		require.EqualValues(t, 2, serial(), "the key is gone")
	})
}

func TestCertificateIsNotReadPerConnection(t *testing.T) {
	before, after := issue(t, 1), issue(t, 2)
	synctest.Test(t, func(t *testing.T) {
		config, err := (&serverTLS{certFile: before.certFile, keyFile: before.keyFile}).config(slog.New(slog.DiscardHandler))
		require.NoError(t, err)
		replace(t, after.certFile, before.certFile)
		replace(t, after.keyFile, before.keyFile)
		for wait, serial := range []int64{1, 2} {
			<-time.After(time.Duration(wait) * lookForCertificate)
			shown, err := config.GetCertificate(nil)
			require.NoError(t, err)
			require.Equal(t, serial, shown.Leaf.SerialNumber.Int64())
		}
	})
}

// replace replaces a file, as tools that renew certificates do.
func replace(t *testing.T, from, to string) {
	t.Helper()
	content, err := os.ReadFile(from)
	require.NoError(t, err)
	renewed := to + ".new"
	require.NoError(t, os.WriteFile(renewed, content, 0o600))
	require.NoError(t, os.Rename(renewed, to))
}
