package app

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestNoURLMeansNoNotifications(t *testing.T) {
	served, err := new(Notifier).newWorker(nil, &Temporal{TaskQueue: "calls"})
	require.NoError(t, err)
	require.Nil(t, served)
}

func TestNotificationURLIsInNoError(t *testing.T) {
	for _, address := range []string{"chat.example.net/mine", "https://chat.example.net/mine\nhttps://chat.example.net/mine", "%zz://mine"} {
		_, err := (&Notifier{URLFile: writeFile(t, address)}).newWorker(nil, &Temporal{})
		require.ErrorContains(t, err, "--notify-url-file")
		require.NotContains(t, err.Error(), "chat")
		require.NotContains(t, err.Error(), "mine")
	}
}
