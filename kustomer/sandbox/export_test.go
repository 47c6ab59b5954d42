package sandbox

// Routes are all operations of the API, as State.Requests names them.
func Routes() (names []string) {
	for _, rt := range apiRoutes() {
		names = append(names, rt.method+" "+rt.template)
	}
	return names
}
