package main

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestInvalidNumberIsRefused(t *testing.T) {
	for _, command := range []string{"find", "forget"} {
		for _, flags := range [][]string{nil, {"--phone="}, {"--phone", "Amira"}, {"--phone", "client:user_2089123456"}, {"--phone", "3023125042", "--country", "DE"}} {
			_, err := starts(t, append([]string{command}, flags...)...)
			require.ErrorContains(t, err, "--phone is not a phone number such as +493023125042")
		}
		_, err := starts(t, command, "--phone", "030 23125042", "--country", "Germany")
		require.ErrorContains(t, err, "use the country's two letters")
		_, err = starts(t, command, "--phone", "030 23125042")
		require.ErrorContains(t, err, "with its country code")
		_, err = starts(t, command, "--phone", "+493023125042")
		require.ErrorContains(t, err, "127.0.0.1:1")
		require.NotContains(t, err.Error(), "493023125042")
	}
}
