package app

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"log/slog"
	"math/big"
	"net"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"
)

// frontend is a fake of Temporal that only records the credentials of requests. Like Temporal
// Cloud, it accepts only TLS.
type frontend struct {
	address, ca string // ca is a file

	mu            sync.Mutex
	authorization []string
	certificate   string // of the client, "" if it sent none
}

func newFrontend(t *testing.T) *frontend {
	t.Helper()
	certificate, pair := selfSigned(t, "temporal.test")
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	f := &frontend{address: listener.Addr().String(), ca: writeFile(t, certificate)}
	server := grpc.NewServer(
		grpc.Creds(credentials.NewTLS(&tls.Config{Certificates: []tls.Certificate{pair}, ClientAuth: tls.RequestClientCert})),
		grpc.UnknownServiceHandler(func(_ any, stream grpc.ServerStream) error {
			f.mu.Lock()
			defer f.mu.Unlock()
			asked, _ := metadata.FromIncomingContext(stream.Context())
			f.authorization = asked.Get("authorization")
			from, _ := peer.FromContext(stream.Context())
			for _, certificate := range from.AuthInfo.(credentials.TLSInfo).State.PeerCertificates {
				f.certificate = certificate.Subject.CommonName
			}
			return status.Error(codes.Unimplemented, "noted")
		}))
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(server.Stop)
	return f
}

// selfSigned is a certificate with its key, in PEM format.
func selfSigned(t *testing.T, name string) (string, tls.Certificate) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	require.NoError(t, err)
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})), tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

func keyFile(t *testing.T, pair tls.Certificate) string {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(pair.PrivateKey)
	require.NoError(t, err)
	return writeFile(t, string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})))
}

// Temporal Cloud needs one of the two. Both come from Temporal's own client configuration.
func TestTemporalGetsKeyOrCertificate(t *testing.T) {
	certificate, pair := selfSigned(t, "callthread-client")
	certificateFile, keyFile := writeFile(t, certificate), keyFile(t, pair)
	profile := "[profile.default]\n[profile.default.tls]\nclient_cert_path = \"" + certificateFile + "\"\nclient_key_path = \"" + keyFile + "\"\n"
	for name, c := range map[string]struct {
		file            string
		environment     map[string]string
		wantKey         []string
		wantCertificate string
	}{
		"API key":             {os.DevNull, map[string]string{"TEMPORAL_API_KEY": "the-key"}, []string{"Bearer the-key"}, ""},
		"certificate":         {os.DevNull, map[string]string{"TEMPORAL_TLS_CLIENT_CERT_PATH": certificateFile, "TEMPORAL_TLS_CLIENT_KEY_PATH": keyFile}, nil, "callthread-client"},
		"certificate by file": {writeFile(t, profile), nil, nil, "callthread-client"},
	} {
		t.Run(name, func(t *testing.T) {
			cloud := newFrontend(t)
			t.Setenv("TEMPORAL_CONFIG_FILE", c.file)
			t.Setenv("TEMPORAL_ADDRESS", cloud.address)
			t.Setenv("TEMPORAL_TLS_SERVER_CA_CERT_PATH", cloud.ca)
			t.Setenv("TEMPORAL_TLS_SERVER_NAME", "temporal.test")
			for variable, value := range c.environment {
				t.Setenv(variable, value)
			}
			temporal, err := new(Temporal).Client(slog.New(slog.DiscardHandler))
			require.NoError(t, err)
			defer temporal.Close()
			_, err = temporal.CheckHealth(t.Context(), &client.CheckHealthRequest{})
			require.ErrorContains(t, err, "noted")
			cloud.mu.Lock()
			defer cloud.mu.Unlock()
			require.Equal(t, c.wantKey, cloud.authorization)
			require.Equal(t, c.wantCertificate, cloud.certificate)
		})
	}
}
