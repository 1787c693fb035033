-- Sends GET requests with each header of HEADERS_FILE ("Name: value", one per line) in turn.
local requests, at = {}, 0

function init(args)
    for line in io.lines(os.getenv("HEADERS_FILE")) do
        local name, value = line:match("^([^:]+):%s*(.+)$")
        wrk.headers[name] = value
        requests[#requests + 1] = wrk.format()
    end
end

function request()
    at = at % #requests + 1
    return requests[at]
end
