// Tables of what records keep for each value of a bucket column.
#include "tables.hpp"

#include <algorithm>
#include <numeric>

namespace tilewright {

namespace {

constexpr size_t kWordBytes = 8;

int64_t as_integer(std::string_view bytes) {
    return read<int64_t>(reinterpret_cast<const uint8_t*>(bytes.data()));
}

}  // namespace

bool BucketTables::add(Bytes part) {
    if (part.size < 4) return false;
    const size_t count = read<uint32_t>(part.at);
    const uint8_t *at = part.at + 4, *const end = part.at + part.size;
    const size_t row_bytes = kWordBytes * own_words();
    if (static_cast<size_t>(end - at) / (row_bytes + 4) < count) return false;
    const size_t first = entries_.size();
    for (size_t i = 0; i < count; ++i) entries_.push_back({0, at + i * row_bytes, nullptr});
    return add_values(at + count * row_bytes, end, count, first);
}

bool BucketTables::add_values(const uint8_t* at, const uint8_t* end, size_t count, size_t first) {
    const size_t width = has_texts_ ? 4 : kWordBytes;
    if (static_cast<size_t>(end - at) / width < count) return false;
    const uint8_t *lengths = at, *text = at + width * count;
    for (size_t i = 0; i < count; ++i, lengths += width) {
        std::string_view value(reinterpret_cast<const char*>(lengths), kWordBytes);
        if (has_texts_) {
            const auto length = read<uint32_t>(lengths);
            if (length > static_cast<size_t>(end - text)) return false;
            value = {reinterpret_cast<const char*>(text), length};
            text += length;
        }
        const auto [known, is_new] =
            numbers_.try_emplace(value, static_cast<uint32_t>(values_.size()));
        if (is_new) values_.push_back(value);
        entries_[first + i].value = known->second;
    }
    return add_fields(text, end, first);
}

bool BucketTables::add_fields(const uint8_t* at, const uint8_t* end, size_t first) {
    const size_t begin = own_words() - layout_.variable;
    for (size_t i = first; i < entries_.size(); ++i) {
        Entry& entry = entries_[i];
        entry.fields = at;
        for (size_t field = 0; field < layout_.variable; ++field) {
            const auto length = read<int64_t>(entry.words + kWordBytes * (begin + field));
            if (length > end - at) return false;
            at += std::max<int64_t>(length, 0);
        }
    }
    return true;
}

void BucketTables::order() {
    order_.resize(values_.size());
    std::iota(order_.begin(), order_.end(), 0);
    std::sort(order_.begin(), order_.end(), [&](uint32_t one, uint32_t other) {
        if (has_texts_) return values_[one] < values_[other];
        return as_integer(values_[one]) < as_integer(values_[other]);
    });
    std::vector<size_t> next(values_.size());
    for (const Entry& entry : entries_) ++next[entry.value];
    size_t begin = 0;
    for (const uint32_t value : order_) {
        const size_t count = next[value];
        runs_.push_back({begin, begin + count});
        next[value] = begin;
        begin += count;
    }
    words_.resize(entries_.size() * layout_.words);
    fields_.resize(entries_.size());
    for (const Entry& entry : entries_) {
        const size_t row = next[entry.value]++;
        int64_t* const own = words_.data() + row * layout_.words + kHeaderWords;
        std::memcpy(own, entry.words, kWordBytes * own_words());
        fields_[row] = entry.fields;
    }
}

int64_t BucketTables::integer(size_t index) const { return as_integer(value(index)); }

Bytes BucketTables::field(size_t row, size_t field) const {
    const int64_t* lengths = rows().row(row) + layout_.words - layout_.variable;
    const uint8_t* at = fields_[row];
    for (size_t i = 0; i < field; ++i) at += std::max<int64_t>(lengths[i], 0);
    if (lengths[field] < 0) return {nullptr, 0};
    return {at, static_cast<size_t>(lengths[field])};
}

}  // namespace tilewright
