// What a store asks of the kernel: records out of the bytes of its file.
#include "scanning.hpp"

#include "parts.hpp"
#include "unlocked.hpp"

namespace nb = nanobind;

namespace tilewright {

namespace {

// What is reckoned for a record before it is found.
constexpr size_t kRecordBytes = 64;

// Append the end of an ordered key, as tilewright_runtime/tiles/keys.py writes it.
void append_time(std::string& key, int64_t time_ms) {
    const uint64_t shifted = static_cast<uint64_t>(time_ms) ^ (uint64_t{1} << 63);
    for (int shift = 56; shift >= 0; shift -= 8) key += static_cast<char>(shifted >> shift);
}

// How many records a range may have.
size_t most_of(const Ranges::Run& run) {
    const auto [size_ms, start_ms, end_ms] = run.span;
    const bool is_empty = size_ms <= 0 || end_ms <= start_ms;
    return is_empty ? 0 : static_cast<size_t>((end_ms - start_ms) / size_ms);
}

nb::list lists_of(std::vector<Records>& found) {
    nb::list all;
    for (Records& records : found) all.append(nb::cast(std::move(records), nb::rv_policy::move));
    return all;
}

}  // namespace

std::string_view text_of(nb::handle object) {
    Py_ssize_t size;
    const char* text = PyUnicode_AsUTF8AndSize(object.ptr(), &size);
    if (text == nullptr) throw nb::python_error();
    return {text, static_cast<size_t>(size)};
}

size_t most_bytes(const Ranges& ranges) {
    size_t most = 0;
    for (const Ranges::Run& run : ranges.runs()) most += most_of(run);
    return most * kRecordBytes;
}

bool Moment::find_ranges(const std::string& prefix, const Ranges& ranges,
                         std::vector<std::vector<Bytes>>& found) const {
    std::string begin = prefix, end = prefix;
    for (const Ranges::Run& run : ranges.runs()) {
        const auto [size_ms, start_ms, end_ms] = run.span;
        begin.resize(prefix.size());
        end.resize(prefix.size());
        append_time(begin += run.level, start_ms);
        append_time(end += run.level, end_ms);
        if (!snapshot.find(tiles, {begin, end, most_of(run)}, found.emplace_back())) return false;
    }
    return true;
}

bool Moment::find_document(Bytes key, std::vector<Bytes>& found) const {
    const std::string begin(reinterpret_cast<const char*>(key.at), key.size);
    const std::string end = begin + '\0';
    return snapshot.find(documents, {begin, end, 1}, found);
}

std::optional<Moment> MappedTables::moment_of(uint64_t transaction) const {
    const auto snapshot = Snapshot::of(file_.bytes(), transaction);
    if (!snapshot) return {};
    Moment moment{transaction, *snapshot, {}, {}};
    const bool has_both = snapshot->find_table("tiles", &moment.tiles) &&
                          snapshot->find_table("documents", &moment.documents);
    return has_both ? std::optional(moment) : std::nullopt;
}

std::optional<Moment> MappedTables::kept() const {
    const bool is_last = kept_ && kept_->transaction == last_change();
    return is_last ? kept_ : std::nullopt;
}

// What is asked of one entity, and what was found.
struct MappedTables::Request {
    std::string prefix;
    const Ranges* ranges;
    std::vector<Records> records;
};

nb::object MappedTables::scan(uint64_t transaction, nb::handle table, const nb::sequence& requests,
                              const nb::sequence& documents) const {
    std::string head(text_of(table));
    head += '\0';
    std::vector<Request> asked;
    for (const nb::handle request : requests) {
        asked.push_back(request_of(head, request));
        if (asked.back().ranges == nullptr) return nb::none();
    }
    std::vector<Records> found;
    std::vector<Bytes> keys;
    for (const nb::handle key : documents) keys.push_back(bytes_of(key));
    size_t bytes = 0;
    for (const Request& request : asked) bytes += most_bytes(*request.ranges);
    const bool is_read = unlocked(bytes, [&] { return find_all(transaction, asked, keys, found); });
    if (!is_read) return nb::none();
    nb::list records, contents;
    for (Request& request : asked) records.append(lists_of(request.records));
    for (const Records& one : found) {
        contents.append(one.size() ? nb::object(one.record(0)) : nb::none());
    }
    return nb::make_tuple(records, contents);
}

MappedTables::Request MappedTables::request_of(const std::string& head, nb::handle request) {
    if (!PyTuple_Check(request.ptr()) || PyTuple_GET_SIZE(request.ptr()) != 2) {
        throw nb::type_error("expected an entity and its ranges");
    }
    Request asked{head, nullptr, {}};
    asked.prefix += text_of(PyTuple_GET_ITEM(request.ptr(), 0));
    asked.prefix += '\0';
    // The ranges of a plan that the kernel knows keep what it made of them.
    const nb::object native =
        nb::getattr(PyTuple_GET_ITEM(request.ptr(), 1), "native", nb::none());
    if (nb::isinstance<Ranges>(native)) asked.ranges = &nb::cast<const Ranges&>(native);
    return asked;
}

bool MappedTables::find_all(uint64_t transaction, std::vector<Request>& asked,
                            const std::vector<Bytes>& keys, std::vector<Records>& found) const {
    const auto moment = moment_of(transaction);
    if (!moment) return false;
    for (Request& request : asked) {
        std::vector<std::vector<Bytes>> values;
        if (!moment->find_ranges(request.prefix, *request.ranges, values)) return false;
        for (std::vector<Bytes>& one : values) request.records.emplace_back(std::move(one));
    }
    for (const Bytes key : keys) {
        std::vector<Bytes> values;
        if (!moment->find_document(key, values)) return false;
        found.emplace_back(std::move(values));
    }
    return true;
}

void add_scanning(nb::module_& module) {
    nb::class_<Records>(module, "Records")
        .def("__len__", &Records::size)
        .def("__getitem__", &Records::record, nb::arg("index"));
    nb::class_<MappedTables>(module, "MappedTables")
        .def(nb::init<nb::handle>(), nb::arg("file"))
        .def("last_change", &MappedTables::last_change)
        .def("scan", &MappedTables::scan, nb::arg("transaction"), nb::arg("table"),
             nb::arg("requests"), nb::arg("documents"));
}

}  // namespace tilewright
