-- Sends POST requests with the JSON in BODY. {N} is replaced by 0 to COUNT - 1 in turn or, without COUNT, by a new number.
local body = os.getenv("BODY")
local count = tonumber(os.getenv("COUNT"))
local number = -1

function init(args)
    wrk.headers["Content-Type"] = "application/json"
end

function request()
    number = number + 1
    if count then number = number % count end
    return wrk.format("POST", nil, nil, (body:gsub("{N}", tostring(number))))
end
