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

// Objects whose columns Python takes, one batch of texts after the other.
class JsonObjects {
   public:
    JsonObjects(const std::vector<std::pair<std::string, bool>>& members, bool keeps_digits)
        : objects_(named(members), keeps_digits) {}

    // Read the objects among some texts: marks, bounds, content and nulls of each member's column,
    // which texts they are, and which texts are left to another parser.
    nb::tuple read(const nb::bytes& data, const Numbers& starts, const Numbers& ends) {
        const std::vector<Bytes> texts = texts_of(bytes_of(data), starts, ends);
        std::vector<int64_t> read, left;
        objects_.clear();
        unlocked(data.size(), [&] {
            for (size_t i = 0; i < texts.size(); ++i) {
                (objects_.add(texts[i]) ? read : left).push_back(static_cast<int64_t>(i));
            }
        });
        nb::list columns;
        for (const TextColumn& column : objects_.columns()) {
            columns.append(nb::make_tuple(bytes_from(column.marks()), bytes_from(column.bounds()),
                                          bytes_from(column.content()), column.nulls()));
        }
        return nb::make_tuple(columns, bytes_from(read), bytes_from(left));
    }

   private:
    static std::vector<Member> named(const std::vector<std::pair<std::string, bool>>& members) {
        std::vector<Member> made;
        for (const auto& [name, is_text] : members) made.push_back({name, is_text});
        return made;
    }

    Objects objects_;
};

}  // namespace

void add_parsing(nb::module_& module) {
    nb::class_<JsonObjects>(module, "JsonObjects")
        .def(nb::init<const std::vector<std::pair<std::string, bool>>&, bool>(),
             nb::arg("members"), nb::arg("keeps_digits"))
        .def("read", &JsonObjects::read, nb::arg("data"), nb::arg("starts"), nb::arg("ends"));
}

}  // namespace tilewright
