-- wrk: pushes one small snapshot again and again; CHANGED=1 gives every push another value.  PATHS: to each of these in turn.
local paths = {}
for path in (os.getenv("PATHS") or ""):gmatch("%S+") do
	paths[#paths + 1] = path
end
local changed = os.getenv("CHANGED") == "1"
local n = 0
-- Threads of wrk must not push the same values.
math.randomseed(os.time() + tonumber(tostring({}):match("0x(%x+)"), 16) % 1000000)
local salt = math.random(1, 1000000000)

wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.headers["X-API-Key"] = os.getenv("KEY")

request = function()
	n = n + 1
	local limit = changed and (salt .. "-" .. n) or "steady"
	return wrk.format(nil, #paths > 0 and paths[n % #paths + 1] or nil, nil, '{"resources":[{"category":"policies","key":"a","value":{"id":"a",' ..
		'"state":"enabled","limit":"' .. limit .. '"}},{"category":"policies","key":"b","value":{"id":"b"}}]}')
end

done = function(summary, latency, requests)
	local bad = summary.errors.status + summary.errors.connect + summary.errors.read +
		summary.errors.write + summary.errors.timeout
	io.write(string.format("RATE %.1f BAD %d\n", summary.requests / summary.duration * 1e6, bad))
end
