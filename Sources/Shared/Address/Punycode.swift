/// Punycode (RFC 3492): Unicode text in the letters, digits and hyphens that a host name may have.
enum Punycode {
    // RFC 3492, section 5.
    private static let base = 36
    private static let lowestThreshold = 1
    private static let highestThreshold = 26
    private static let skew = 38
    private static let damping = 700
    private static let firstBias = 72
    private static let firstCodePoint = 0x80
    private static let delimiter = UInt8(ascii: "-")

    /// Encodes a label, without the prefix `xn--` (section 6.3).
    static func encode(_ label: [Unicode.Scalar]) -> String {
        var output = label.filter(\.isASCII).map { UInt8(ascii: $0) }
        let basicCount = output.count
        if basicCount > 0 { output.append(delimiter) }
        var next = firstCodePoint, delta = 0, bias = firstBias, handled = basicCount
        while handled < label.count {
            let smallest = label.map { Int($0.value) }.filter { $0 >= next }.min() ?? next
            delta += (smallest - next) * (handled + 1)
            next = smallest
            for scalar in label {
                let value = Int(scalar.value)
                if value < next { delta += 1 }
                guard value == next else { continue }
                append(delta, bias: bias, to: &output)
                bias = adapt(delta, count: handled + 1, isFirst: handled == basicCount)
                delta = 0
                handled += 1
            }
            delta += 1
            next += 1
        }
        return String(decoding: output, as: UTF8.self)
    }

    /// Decodes a label without its prefix (section 6.2); nil for invalid input.
    static func decode(_ text: some Collection<UInt8>) -> [Unicode.Scalar]? {
        let bytes = Array(text)
        let split = bytes.lastIndex(of: delimiter)
        var label = bytes.prefix(split ?? 0).map { Unicode.Scalar($0) }
        var rest = bytes[(split.map { $0 + 1 } ?? 0)...]
        var next = firstCodePoint, position = 0, bias = firstBias
        while !rest.isEmpty {
            let before = position
            guard let delta = number(from: &rest, bias: bias) else { return nil }
            position += delta
            let count = label.count + 1
            bias = adapt(position - before, count: count, isFirst: before == 0)
            next += position / count
            position %= count
            guard next <= 0x10FFFF, let scalar = Unicode.Scalar(UInt32(next)), !scalar.isASCII else { return nil }
            label.insert(scalar, at: position)
            position += 1
        }
        return label
    }

    /// Writes one generalized variable-length integer (section 3.3).
    private static func append(_ delta: Int, bias: Int, to output: inout [UInt8]) {
        var rest = delta
        var weight = base
        while true {
            let threshold = threshold(at: weight, bias: bias)
            guard rest >= threshold else { break }
            output.append(letter(threshold + (rest - threshold) % (base - threshold)))
            rest = (rest - threshold) / (base - threshold)
            weight += base
        }
        output.append(letter(rest))
    }

    private static func number(from rest: inout ArraySlice<UInt8>, bias: Int) -> Int? {
        var sum = 0, factor = 1, weight = base
        while let byte = rest.popFirst() {
            guard let digit = digit(byte), sum < 1 << 32, factor < 1 << 32 else { return nil }
            sum += digit * factor
            let threshold = threshold(at: weight, bias: bias)
            if digit < threshold { return sum }
            factor *= base - threshold
            weight += base
        }
        return nil
    }

    private static func threshold(at weight: Int, bias: Int) -> Int {
        min(max(weight - bias, lowestThreshold), highestThreshold)
    }

    /// Bias adaptation (section 6.1).
    private static func adapt(_ delta: Int, count: Int, isFirst: Bool) -> Int {
        var delta = isFirst ? delta / damping : delta / 2
        delta += delta / count
        var divisions = 0
        while delta > (base - lowestThreshold) * highestThreshold / 2 {
            delta /= base - lowestThreshold
            divisions += base
        }
        return divisions + (base - lowestThreshold + 1) * delta / (delta + skew)
    }

    private static func letter(_ digit: Int) -> UInt8 {
        digit < 26 ? UInt8(ascii: "a") + UInt8(digit) : UInt8(ascii: "0") + UInt8(digit - 26)
    }

    private static func digit(_ letter: UInt8) -> Int? {
        switch letter {
        case UInt8(ascii: "a")...UInt8(ascii: "z"): Int(letter - UInt8(ascii: "a"))
        case UInt8(ascii: "0")...UInt8(ascii: "9"): Int(letter - UInt8(ascii: "0")) + 26
        default: nil
        }
    }
}
