// Damages what a reader gives to the kernel: JSON objects, mostly sound.
#include "fuzz_parsing.hpp"

#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include "objects.hpp"

using namespace tilewright;

namespace {

constexpr std::string_view kNames[] = {"a", "b", "", "\\u0061", "longer than most names"};
constexpr std::string_view kValues[] = {
    "0", "-0", "1.50", "-12.250", "1e5", "0.00001", "12345678901234567890", "1234567890123456.5",
    "30.867535560021096", "0.12345678901234567890", "null", "true", "\"x\"", "\"\\u00e9\\n\"",
    "\"\\ud83d\\ude00\"", "[1,[2]]", "{\"a\":{}}", "\"", "-", "[", "\"\xc3\xa9\"", "1."};

unsigned long long (*bits)();

size_t below(size_t limit) { return bits() % limit; }

template <size_t kCount>
std::string_view one_of(const std::string_view (&texts)[kCount]) {
    return texts[below(kCount)];
}

std::string object() {
    std::string text = "{";
    for (size_t i = below(6); i > 0; --i) {
        text += '"';
        text += one_of(kNames);
        text += "\":";
        text += one_of(kValues);
        if (i > 1) text += ',';
    }
    text += '}';
    // Some texts are longer than what is parsed in the memory that is kept.
    if (below(64) == 0) text.insert(1, (1 << 14) + below(99), ' ');
    return text;
}

void damage(std::string& text) {
    for (size_t i = below(3); i > 0 && !text.empty(); --i) {
        const size_t at = below(text.size());
        if (below(2)) {
            text[at] = static_cast<char>(bits());
        } else {
            text.resize(at);
        }
    }
}

}  // namespace

void try_parsing(unsigned long long (*random_bits)()) {
    bits = random_bits;
    Objects objects(
        {{"a", Declared::kText}, {"b", Declared::kOther}, {"", Declared::kWhole}, {"c", Declared::kReal}},
        below(2) == 0);
    objects.begin(below(2) == 0);
    size_t rows = 0;
    for (size_t i = below(20); i > 0; --i) {
        std::string text = object();
        damage(text);
        // The end of the text is the end of its memory.
        const std::unique_ptr<uint8_t[]> exact(new uint8_t[text.size()]);
        text.copy(reinterpret_cast<char*>(exact.get()), text.size());
        rows += objects.add({exact.get(), text.size()});
    }
    for (size_t i = 0; i < objects.texts().size(); ++i) {
        const TextColumn& texts = objects.texts()[i];
        const NumberColumn& numbers = objects.numbers()[i];
        const bool is_number = objects.is_number(i);
        const bool is_sound =
            is_number ? numbers.values().size() == rows
                      : texts.bounds().size() == rows + 1 &&
                            texts.bounds().back() == static_cast<int32_t>(texts.content().size());
        const Presence& presence = is_number ? numbers.presence() : texts.presence();
        if (!is_sound || presence.marks().size() != (rows + 7) / 8) std::abort();
    }
    objects.begin(false);
}
