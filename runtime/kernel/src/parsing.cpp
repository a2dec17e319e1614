// What a reader asks of the kernel: the members of JSON objects as columns.
#include "parsing.hpp"

#include <nanobind/ndarray.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "objects.hpp"
#include "parts.hpp"
#include "unlocked.hpp"

namespace nb = nanobind;

namespace tilewright {

namespace {

using Numbers = nb::ndarray<const int64_t, nb::ndim<1>, nb::c_contig, nb::device::cpu>;

// More than this would not fit the bounds of a column.
constexpr size_t kMostBytes = std::numeric_limits<int32_t>::max();

template <typename T>
nb::bytes bytes_from(const std::vector<T>& values) {
    return nb::bytes(values.data(), values.size() * sizeof(T));
}

// Cut texts out of some bytes, each between its start and its end.
std::vector<Bytes> texts_of(Bytes data, const Numbers& starts, const Numbers& ends) {
    if (starts.shape(0) != ends.shape(0)) throw nb::value_error("an end for each start is needed");
    if (data.size > kMostBytes) throw nb::value_error("more bytes than a column holds");
    std::vector<Bytes> texts(starts.shape(0));
    int64_t before = 0;
    for (size_t i = 0; i < texts.size(); ++i) {
        const int64_t start = starts.data()[i], end = ends.data()[i];
        if (start < before || end < start || static_cast<uint64_t>(end) > data.size) {
            throw nb::value_error("texts that do not lie one after the other in the bytes");
        }
        texts[i] = {data.at + start, static_cast<size_t>(end - start)};
        before = end;
    }
    return texts;
}

// What the types of DuckDB are as numbers; those of others are read as text.
Declared declared_as(std::string_view type) {
    if (type == "VARCHAR") return Declared::kText;
    if (type == "BIGINT") return Declared::kWhole;
    if (type == "DOUBLE") return Declared::kReal;
    return Declared::kOther;
}

// Objects whose columns Python takes, one batch of texts after the other.
class JsonObjects {
   public:
    // Takes the names of members and their types.
    JsonObjects(const std::vector<std::pair<std::string, std::string>>& members, bool keeps_digits)
        : objects_(named(members), keeps_digits), columns_(members.size()) {}

    // Read the objects among some texts: the marks, values and nulls of each member's column, which
    // texts they are, and which texts are left to another parser. `as_numbers` asks for columns of
    // numbers, which there are only if all texts are read so.
    nb::tuple read(const nb::bytes& data, const Numbers& starts, const Numbers& ends,
                   bool as_numbers) {
        const std::vector<Bytes> texts = texts_of(bytes_of(data), starts, ends);
        std::vector<int64_t> read, left;
        unlocked(data.size(), [&] {
            if (as_numbers && add_all(texts, true, &read, &left)) return;
            add_all(texts, false, &read, &left);
        });
        nb::list columns;
        for (size_t i = 0; i < columns_; ++i) columns.append(column(i));
        return nb::make_tuple(columns, bytes_from(read), bytes_from(left));
    }

   private:
    static std::vector<Member> named(
        const std::vector<std::pair<std::string, std::string>>& members) {
        std::vector<Member> made;
        for (const auto& [name, type] : members) made.push_back({name, declared_as(type)});
        return made;
    }

    // Add texts; false at the first that is left, if they are to be numbers.
    bool add_all(const std::vector<Bytes>& texts, bool as_numbers, std::vector<int64_t>* read,
                 std::vector<int64_t>* left) {
        objects_.begin(as_numbers);
        read->clear();
        for (size_t i = 0; i < texts.size(); ++i) {
            const bool is_read = objects_.add(texts[i]);
            if (!is_read && as_numbers) return false;
            (is_read ? read : left)->push_back(static_cast<int64_t>(i));
        }
        return true;
    }

    // Marks, bounds, content and nulls of a column of text; one of numbers has no bounds.
    nb::tuple column(size_t index) const {
        if (objects_.is_number(index)) {
            const NumberColumn& numbers = objects_.numbers()[index];
            return nb::make_tuple(bytes_from(numbers.presence().marks()),
                                  bytes_from(numbers.values()), numbers.presence().nulls());
        }
        const TextColumn& texts = objects_.texts()[index];
        return nb::make_tuple(bytes_from(texts.presence().marks()), bytes_from(texts.bounds()),
                              bytes_from(texts.content()), texts.presence().nulls());
    }

    Objects objects_;
    size_t columns_;
};

}  // namespace

void add_parsing(nb::module_& module) {
    nb::class_<JsonObjects>(module, "JsonObjects")
        .def(nb::init<const std::vector<std::pair<std::string, std::string>>&, bool>(),
             nb::arg("members"), nb::arg("keeps_digits"))
        .def("read", &JsonObjects::read, nb::arg("data"), nb::arg("starts"), nb::arg("ends"),
             nb::arg("as_numbers"));
}

}  // namespace tilewright
