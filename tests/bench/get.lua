-- wrk: one authenticated GET again and again.
wrk.headers["Authorization"] = os.getenv("AUTHORIZATION")

done = function(summary, latency, requests)
	local bad = summary.errors.status + summary.errors.connect + summary.errors.read +
		summary.errors.write + summary.errors.timeout
	io.write(string.format("RATE %.1f BAD %d\n", summary.requests / summary.duration * 1e6, bad))
end
