-- wrk: one authenticated GET again and again; its latencies in ms.  PAUSE_MS: each client waits so long between two.
local pause = tonumber(os.getenv("PAUSE_MS") or "0")
if pause > 0 then
	function delay() return pause end
end
wrk.headers["Authorization"] = os.getenv("AUTHORIZATION")

done = function(summary, latency, requests)
	io.write(string.format("LATENCY %.3f %.3f %d\n", latency:percentile(50) / 1000,
		latency:percentile(99) / 1000, summary.errors.status + summary.errors.timeout))
end
