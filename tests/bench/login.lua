-- wrk: one sign-in again and again; BODY is what it sends.
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.body = os.getenv("BODY")

done = function(summary, latency, requests)
	local bad = summary.errors.status + summary.errors.connect + summary.errors.read +
		summary.errors.write + summary.errors.timeout
	io.write(string.format("RATE %.1f BAD %d\n", summary.requests / summary.duration * 1e6, bad))
end
