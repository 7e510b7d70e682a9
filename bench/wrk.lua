-- Posts the lines of a file, each once, or with "again" over and over; without a file it gets the address, and if
-- it ends in "=", with a new number for each request.
local file, again, bodies, number
function init(arguments)
  file, again = arguments[1], arguments[2]
  if wrk.path:sub(-1) == "=" then number = 0 end
  if file then bodies = io.lines(file) end
end
function request()
  if number then
    number = number + 1
    return wrk.format("GET", wrk.path .. number)
  end
  if not bodies then return wrk.format("GET") end
  local body = bodies()
  if not body and again then
    bodies = io.lines(file)
    body = bodies()
  end
  return wrk.format("POST", nil, { ["Content-Type"] = "application/x-www-form-urlencoded" }, body or "")
end
function done(summary, latency, requests)
  local wrong = summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.timeout
  io.write(string.format("@ %d %d %d %d %d %d\n", summary.requests, summary.duration, wrong,
    latency:percentile(50), latency:percentile(99), latency.max))
end
