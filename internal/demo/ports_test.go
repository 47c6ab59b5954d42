package demo

import (
	"net"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestUsualPortIsPreferred(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	usual := taken.Addr().(*net.TCPAddr).Port
	options := StageOptions{Programs: &Programs{}}
	isLasting := func(port int) bool { return port >= 20_000 && port < 30_000 } // no other program takes it while ours is down
	require.True(t, isLasting(options.port(usual)), "it is taken")
	require.NoError(t, taken.Close())
	require.Equal(t, usual, options.port(usual))
	require.True(t, isLasting(options.port(0)), "none is preferred")
}
