// Fetches that need nothing but numbers and sketches, from a mapped file to the values of features.
#include <utility>

#include "parts.hpp"
#include "program.hpp"
#include "scanning.hpp"
#include "unlocked.hpp"

namespace nb = nanobind;

namespace tilewright {

namespace {

// What is reckoned for a tile's sketches, in times of what is reckoned for a record.
constexpr size_t kSketchTimes = 16;

}  // namespace

// What one entity is asked for, and the merged numbers and sketches of each window; no numbers
// where Python has to look.
struct Program::Asked {
    std::string prefix;
    std::vector<int64_t> merged;
    std::vector<SketchAnswer> sketches;
};

nb::object Program::fetch(MappedTables& file, std::optional<uint64_t> transaction,
                          nb::handle table, const nb::bytes& swept, const nb::sequence& entities,
                          const Ranges& ranges, const nb::dict& covers, int64_t at_ms,
                          const nb::dict& empty) const {
    // Numbers of pages that were written over meanwhile are only wrong, and not given. The bytes of
    // sketches are followed, so they have to stay what they were when they were checked.
    if (asks_ && !transaction) return nb::none();
    const auto moment = transaction ? file.moment_of(*transaction) : file.kept();
    if (!moment) return nb::none();
    std::string head(text_of(table));
    head += '\0';
    std::vector<Asked> asked;
    for (const nb::handle entity : entities) {
        asked.push_back({head, {}, {}});
        asked.back().prefix += text_of(entity);
        asked.back().prefix += '\0';
    }
    const Heads heads = heads_of(covers);
    const Bytes key = bytes_of(swept);
    const size_t most = asked.size() * most_bytes(ranges) * (asks_ ? kSketchTimes : 1);
    // Of one entity the features are surely looked at, and sketches have values of other kinds.
    const bool is_later = asked.size() > 1 && !asks_;
    std::vector<Found::Values> values;
    const bool is_read = unlocked(most, [&] {
        if (!merge_all(*moment, key, ranges, heads, at_ms, asked)) return false;
        if (!is_later) return true;
        for (const Asked& one : asked) values.push_back(values_of(one.merged));
        return true;
    });
    if (!is_read || (!transaction && !file.was_whole(*moment))) return nb::none();
    if (transaction) file.keep(*moment);
    if (is_later) return nb::cast(Found(nb::find(*this), empty, std::move(values)));
    nb::list all;
    for (const Asked& one : asked) {
        all.append(one.merged.empty() ? nb::none() : features_of(one, empty));
    }
    return all;
}

bool Program::merge_all(const Moment& moment, Bytes swept, const Ranges& ranges,
                        const Heads& heads, int64_t at_ms, std::vector<Asked>& asked) const {
    std::vector<Bytes> document;
    if (!moment.find_document(swept, document) || !document.empty()) return false;
    for (Asked& one : asked) {
        std::vector<std::vector<Bytes>> found;
        if (!moment.find_ranges(one.prefix, ranges, found)) return false;
        Tiles tiles(layout_);
        for (size_t i = 0; i < found.size(); ++i) {
            tiles.take(found[i], part_of(ranges.runs()[i], one.prefix, 0));
        }
        if (!tiles.load()) continue;
        const Covers* const covers = covers_of(tiles, heads, at_ms);
        if (covers == nullptr) continue;
        if (!asks_ || ask_all(tiles, *covers, {}, one.sketches)) {
            one.merged = merged_of(tiles, *covers);
        }
    }
    return true;
}

nb::object Program::features(const Tiles& tiles, const nb::dict& covers, int64_t at_ms,
                             const nb::dict& empty) const {
    const Heads heads = heads_of(covers);
    const Covers* const own = covers_of(tiles, heads, at_ms);
    if (own == nullptr) return nb::none();
    return features_of({{}, merged_of(tiles, *own), {}}, empty);
}

Program::Heads Program::heads_of(const nb::dict& covers) const {
    Heads heads;
    for (const auto& [size_ms, own] : covers) {
        const auto& known = nb::cast<const Covers&>(own);
        require_windows(known);
        heads.emplace_back(nb::cast<int64_t>(size_ms), &known);
    }
    return heads;
}

const Covers* Program::covers_of(const Tiles& tiles, const Heads& heads, int64_t at_ms) const {
    if (tiles.approximate()) return nullptr;
    const int64_t level_ms = tiles.head_level(ladder_ms_, at_ms);
    for (const auto& [size_ms, own] : heads) {
        if (size_ms == level_ms) return own;
    }
    return nullptr;
}

std::vector<int64_t> Program::merged_of(const Tiles& tiles, const Covers& covers) const {
    std::vector<int64_t> merged(windows_.size() * layout_.words);
    Runs runs;
    for (size_t i = 0; i < windows_.size(); ++i) {
        find_runs(tiles, covers.all()[i], runs);
        merge(tiles.rows(), runs, merged.data() + i * layout_.words);
    }
    return merged;
}

Found::Values Program::values_of(const std::vector<int64_t>& merged) const {
    if (merged.empty()) return {};
    std::vector<Value> values;
    for (size_t i = 0; i < windows_.size(); ++i) {
        for (const Feature& feature : windows_[i].features) {
            values.push_back(value_of(feature, merged.data() + i * layout_.words));
            if (std::holds_alternative<Left>(values.back())) return {};
        }
    }
    return values;
}

void Program::put_values(const std::vector<Value>& values, PyObject* features) const {
    size_t next = 0;
    for (const Window& window : windows_) {
        for (const Feature& feature : window.features) {
            const nb::object value = nb::steal(object_of(values[next++]));
            if (!value.is_valid() || PyDict_SetItem(features, feature.name, value.ptr())) {
                throw nb::python_error();
            }
        }
    }
}

Found::Found(nb::object program, nb::dict empty, std::vector<Values> all)
    : program_(std::move(program)), empty_(std::move(empty)), all_(std::move(all)) {}

std::vector<size_t> Found::left() const {
    std::vector<size_t> left;
    for (size_t i = 0; i < all_.size(); ++i) {
        if (!all_[i]) left.push_back(i);
    }
    return left;
}

nb::object Found::features(size_t index) const {
    if (index >= all_.size() || !all_[index]) throw nb::index_error("there are no such features");
    const nb::object features = nb::steal(PyDict_Copy(empty_.ptr()));
    if (!features.is_valid()) throw nb::python_error();
    nb::cast<const Program&>(program_).put_values(*all_[index], features.ptr());
    return features;
}

nb::object Program::features_of(const Asked& asked, const nb::dict& empty) const {
    const nb::object features = nb::steal(PyDict_Copy(empty.ptr()));
    if (!features.is_valid()) throw nb::python_error();
    for (size_t i = 0; i < windows_.size(); ++i) {
        const int64_t* merged = asked.merged.data() + i * layout_.words;
        if (!put_values(windows_[i], merged, features.ptr())) return nb::none();
    }
    nb::dict quality;
    if (asks_) {
        const nb::dict errors;
        put_answers(asked.sketches, features.ptr(), errors.ptr());
        if (errors.size()) quality["max_error"] = errors;
    }
    return nb::make_tuple(features, quality);
}

}  // namespace tilewright
