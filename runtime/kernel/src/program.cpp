// What the kernel does for a plan.
#include "program.hpp"

#include <cstring>
#include <unordered_map>

#include "parts.hpp"
#include "tables.hpp"
#include "unlocked.hpp"
#include "xxh64.hpp"

namespace nb = nanobind;

namespace tilewright {

namespace {

const std::unordered_map<std::string, Merge> kMerges = {
    {"add:i64", Merge::kAddInteger}, {"add:f64", Merge::kAddFloat},
    {"min:i64", Merge::kMinInteger}, {"min:f64", Merge::kMinFloat},
    {"max:i64", Merge::kMaxInteger}, {"max:f64", Merge::kMaxFloat},
};

// The identity that binds records of a level to an entity's keys; `key` begins them.
int64_t identity_of(std::string& key, const std::string& level, uint64_t fingerprint) {
    const size_t size = key.size();
    key += level;
    const uint64_t hash = xxh64(reinterpret_cast<const uint8_t*>(key.data()), key.size());
    key.resize(size);
    return static_cast<int64_t>(hash ^ fingerprint);
}

}  // namespace

void find_runs(const Tiles& tiles, const Cover& cover, Runs& runs) {
    runs.clear();
    for (const Span& span : cover) tiles.find(span.size_ms, span.start_ms, span.end_ms, runs);
}

Program::Program(size_t words, size_t variable, uint32_t seed, uint64_t fingerprint,
                 std::vector<int64_t> ladder_ms, std::vector<int64_t> empty)
    : layout_{words, variable, seed},
      fingerprint_(fingerprint),
      ladder_ms_(std::move(ladder_ms)),
      empty_(std::move(empty)),
      is_float_(words) {
    if (words < kHeaderWords + variable || empty_.size() != words) {
        throw nb::value_error("the words of a record do not fit its header");
    }
}

Program::~Program() {
    for (const Window& window : windows_) {
        for (const Feature& feature : window.features) Py_DECREF(feature.name);
    }
}

size_t Program::word(size_t index) const {
    if (index >= layout_.words) throw nb::value_error("a word lies behind the fixed block");
    return index;
}

void Program::require_fields(const std::vector<size_t>& fields) const {
    for (const size_t field : fields) {
        if (field >= layout_.variable) throw nb::value_error("there is no such field");
    }
}

void Program::require_windows(const Covers& covers) const {
    if (covers.all().size() != windows_.size()) {
        throw nb::value_error("there are more or fewer covers than windows");
    }
}

void Program::add_slab(const std::string& merge, size_t start, size_t stop) {
    const auto entry = kMerges.find(merge);
    if (entry == kMerges.end()) throw nb::value_error("there is no such merge");
    if (start >= stop) throw nb::value_error("a slab has no words");
    slabs_.push_back({entry->second, start, word(stop - 1) + 1});
    if (merge.ends_with("f64")) {
        for (size_t i = start; i < stop; ++i) is_float_[i] = true;
    }
}

void Program::add_endpoint(bool is_last, int64_t no_time, size_t time, size_t value,
                           bool is_float) {
    endpoints_.push_back({is_last, no_time, word(time), word(value)});
    is_float_[value] = is_float;
}

void Program::add_moments(size_t n, size_t start, size_t powers) {
    if (powers != 2 && powers != 4) throw nb::value_error("moments have 2 or 4 powers");
    word(start + powers);
    moments_.push_back({word(n), start, powers});
    for (size_t i = start; i <= start + powers; ++i) is_float_[i] = true;
}

void Program::add_window(
    const std::vector<std::tuple<std::string, std::string, std::vector<int64_t>>>& features,
    bool gives_numbers, std::vector<size_t> fields) {
    require_fields(fields);
    Window window{{}, gives_numbers, std::move(fields), {}};
    for (const auto& [name, form_name, words] : features) {
        Form form;
        if (!form_of(form_name, &form)) throw nb::value_error("there is no such form");
        if (words.size() != arity(form)) throw nb::value_error("a form has other numbers");
        // What is no word of a record is a constant, and comes last.
        const bool has_constant = form == Form::kIntegerAverage || form == Form::kIntegerAt ||
                                  form == Form::kFloatAt;
        for (size_t i = 0; i + has_constant < words.size(); ++i) {
            word(static_cast<size_t>(words[i]));
        }
        window.features.push_back({nullptr, form, words});
    }
    for (size_t i = 0; i < features.size(); ++i) {
        const std::string& name = std::get<0>(features[i]);
        PyObject* text = PyUnicode_FromStringAndSize(name.data(),
                                                     static_cast<Py_ssize_t>(name.size()));
        if (text == nullptr) throw nb::python_error();
        PyUnicode_InternInPlace(&text);
        window.features[i].name = text;
    }
    windows_.push_back(std::move(window));
}

nb::object Program::decode(const nb::list& answers, const Ranges& ranges,
                           const nb::bytes& prefix,
                           const std::vector<size_t>& checked) const {
    const std::vector<Ranges::Run>& runs = ranges.runs();
    if (answers.size() != runs.size()) {
        throw nb::value_error("there are more or fewer answers than ranges");
    }
    std::string key(prefix.c_str(), prefix.size());
    auto tiles = std::make_unique<Tiles>(layout_);
    for (size_t i = 0; i < runs.size(); ++i) {
        const Part part = part_of(runs[i], key, i < checked.size() ? checked[i] : 0);
        if (!tiles->take(answers[i].ptr(), part)) throw nb::type_error("expected lists of bytes");
    }
    if (!unlocked(tiles->bytes(), [&] { return tiles->load(); })) return nb::none();
    return nb::cast(tiles.release(), nb::rv_policy::take_ownership);
}

// What the records of a run have to be; `sound` of them need no check.
Part Program::part_of(const Ranges::Run& run, std::string& prefix, size_t sound) const {
    const int64_t identity = identity_of(prefix, run.level, fingerprint_);
    return {0, 0, sound, identity, run.span.size_ms, run.span.start_ms, run.span.end_ms};
}

nb::object Program::head_level_ms(const Tiles& tiles, int64_t at_ms) const {
    const int64_t size_ms = tiles.head_level(ladder_ms_, at_ms);
    return size_ms ? nb::cast(size_ms) : nb::none();
}

void Program::merge(Rows rows, const Runs& runs, int64_t* merged) const {
    std::memcpy(merged, empty_.data(), empty_.size() * sizeof(int64_t));
    if (runs.empty()) return;
    for (const Slab& slab : slabs_) reduce_slab(slab, rows, runs, merged);
    for (const Endpoint& endpoint : endpoints_) choose_endpoint(endpoint, rows, runs, merged);
    for (const Moments& moments : moments_) merge_moments(moments, rows, runs, merged);
}

nb::object Program::evaluate(const Tiles& tiles, const Covers& covers,
                             const nb::dict& features) const {
    require_windows(covers);
    nb::list all;
    Runs runs;
    std::vector<int64_t> merged(layout_.words);
    for (size_t i = 0; i < windows_.size(); ++i) {
        const Window& window = windows_[i];
        find_runs(tiles, covers.all()[i], runs);
        merge(tiles.rows(), runs, merged.data());
        if (!put_values(window, merged.data(), features.ptr())) return nb::bool_(false);
        all.append(window.gives_numbers ? numbers(merged.data()) : nb::none());
    }
    return all;
}

bool Program::put_values(const Window& window, const int64_t* merged, PyObject* features) {
    for (const Feature& feature : window.features) {
        PyObject* value = object_of(value_of(feature, merged));
        if (value == nullptr) {
            if (PyErr_Occurred()) throw nb::python_error();
            return false;
        }
        const int failed = PyDict_SetItem(features, feature.name, value);
        Py_DECREF(value);
        if (failed) throw nb::python_error();
    }
    return true;
}

nb::object Program::numbers(const int64_t* merged) const {
    nb::list values;
    for (size_t i = 0; i < layout_.words; ++i) {
        if (is_float_[i]) {
            double value;
            std::memcpy(&value, merged + i, sizeof value);
            values.append(nb::float_(value));
        } else {
            values.append(nb::int_(merged[i]));
        }
    }
    for (const Endpoint& endpoint : endpoints_) {
        if (merged[endpoint.time] == endpoint.no_time) values[endpoint.value] = nb::none();
    }
    return values;
}

nb::object Program::gather(const nb::object& tiles, const nb::list& cover,
                           const std::vector<size_t>& fields) const {
    require_fields(fields);
    auto& own = nb::cast<Tiles&>(tiles);
    Runs runs;
    find_runs(own, cover_of(cover.ptr()), runs);
    std::vector<std::vector<Bytes>> gathered;
    const bool fits = unlocked(own.bytes(), [&] { return own.gather(runs, fields, gathered); });
    if (!fits) return nb::none();
    nb::list all;
    for (std::vector<Bytes>& parts : gathered) all.append(Fields(tiles, std::move(parts)));
    return all;
}

nb::object Program::gather_all(const nb::object& tiles, const Covers& covers) const {
    require_windows(covers);
    auto& own = nb::cast<Tiles&>(tiles);
    std::vector<std::vector<std::vector<Bytes>>> gathered(windows_.size());
    const bool fits = unlocked(own.bytes(), [&] {
        Runs runs;
        for (size_t i = 0; i < windows_.size(); ++i) {
            const std::vector<size_t>& fields = windows_[i].fields;
            if (fields.empty()) continue;
            find_runs(own, covers.all()[i], runs);
            if (!own.gather(runs, fields, gathered[i])) return false;
        }
        return true;
    });
    if (!fits) return nb::none();
    nb::list all;
    for (std::vector<std::vector<Bytes>>& window : gathered) {
        nb::list fields;
        for (std::vector<Bytes>& parts : window) fields.append(Fields(tiles, std::move(parts)));
        all.append(fields);
    }
    return all;
}

nb::object Program::merge_tables(nb::handle given, bool has_texts) const {
    const Parts parts(given);
    BucketTables tables(layout_, has_texts);
    const bool fits = unlocked(parts.bytes, [&] {
        for (const Bytes part : parts.all) {
            if (!tables.add(part)) return false;
        }
        tables.order();
        return true;
    });
    if (!fits) return nb::none();
    nb::list all;
    std::vector<int64_t> merged(layout_.words);
    for (size_t i = 0; i < tables.size(); ++i) {
        const Run run = tables.run(i);
        merge(tables.rows(), {run}, merged.data());
        nb::list fields;
        for (size_t field = 0; field < layout_.variable; ++field) {
            nb::list own;
            for (size_t row = run.begin; row < run.end; ++row) {
                const Bytes one = tables.field(row, field);
                if (one.at != nullptr) own.append(nb::bytes(one.at, one.size));
            }
            fields.append(own);
        }
        nb::object value;
        if (has_texts) {
            value = nb::bytes(tables.value(i).data(), tables.value(i).size());
        } else {
            value = nb::int_(tables.integer(i));
        }
        all.append(nb::make_tuple(value, numbers(merged.data()), fields));
    }
    return all;
}

}  // namespace tilewright
