// What a writer asks of the kernel: records, keys and columns of bytes.
#include "writing.hpp"

#include <nanobind/ndarray.h>
#include <nanobind/stl/vector.h>

#include <cstring>
#include <vector>

#include "columns.hpp"
#include "coupons.hpp"
#include "encode.hpp"
#include "parts.hpp"
#include "unlocked.hpp"

namespace nb = nanobind;

namespace tilewright {

namespace {

template <typename T, size_t kDimensions>
using Array = nb::ndarray<const T, nb::ndim<kDimensions>, nb::c_contig, nb::device::cpu>;
using Numbers = Array<int64_t, 1>;
using Octets = Array<uint8_t, 1>;

// Look at an array that Python keeps. One of another type is refused: its copy would end at once.
template <typename Kind>
Kind kept(nb::handle array) {
    Kind found;
    if (!nb::try_cast(array, found, false)) throw nb::type_error("an array of another type");
    return found;
}

Bytes bytes_in(const Octets& octets) { return {octets.data(), octets.shape(0)}; }

nb::bytes unfilled(size_t size) {
    PyObject* made = PyBytes_FromStringAndSize(nullptr, static_cast<Py_ssize_t>(size));
    if (made == nullptr) throw nb::python_error();
    return nb::steal<nb::bytes>(made);
}

uint8_t* filled(nb::handle made) {
    return reinterpret_cast<uint8_t*>(PyBytes_AS_STRING(made.ptr()));
}

Shares shares_of(const Octets& content, size_t width, const Numbers& bounds, size_t count) {
    const Shares shares{bytes_in(content), width, bounds.data()};
    if (bounds.shape(0) != count + 1 || !are_sound(shares, count)) {
        throw nb::value_error("bounds that do not fit their content");
    }
    return shares;
}

// Make a list of bytes of known sizes, which `write` then fills without the lock of Python.
template <typename Size, typename Write>
nb::list list_of_bytes(size_t count, Size size, Write write) {
    nb::list made = nb::steal<nb::list>(PyList_New(static_cast<Py_ssize_t>(count)));
    std::vector<uint8_t*> places(count);
    size_t total = 0;
    for (size_t i = 0; i < count; ++i) {
        nb::bytes one = unfilled(size(i));
        total += one.size();
        places[i] = filled(one);
        PyList_SET_ITEM(made.ptr(), static_cast<Py_ssize_t>(i), one.release().ptr());
    }
    unlocked(total, [&] {
        for (size_t i = 0; i < count; ++i) write(i, places[i]);
    });
    return made;
}

// Join heads with their shares of all parts: the bytes of all tiles, and their bounds.
nb::tuple join_columns(const Array<uint8_t, 2>& heads, nb::list parts, const Octets& marks) {
    const size_t count = heads.shape(0), width = heads.shape(1);
    if (marks.shape(0) != count) throw nb::value_error("a mark for each head is needed");
    std::vector<int64_t> places(count + 1);
    for (size_t i = 0; i <= count; ++i) places[i] = static_cast<int64_t>(i);
    Joined joined{{{heads.data(), count * width}, width, places.data()}, {}, marks.data(), count};
    // The arrays of the parts live as long as their list.
    for (const nb::handle part : parts) {
        const auto of = nb::cast<nb::tuple>(part);
        joined.parts.push_back(shares_of(kept<Octets>(of[0]), nb::cast<size_t>(of[1]),
                                         kept<Numbers>(of[2]), count));
    }
    const std::vector<int64_t> bounds = bounds_of(joined);
    nb::bytes content = unfilled(static_cast<size_t>(bounds.back()));
    uint8_t* out = filled(content);
    unlocked(content.size(), [&] { write_all(joined, out); });
    return nb::make_tuple(content, nb::bytes(bounds.data(), bounds.size() * sizeof(int64_t)));
}

// Read a field of all records, as every `stride`-th of `fields`. It is a list of bytes and None,
// or a column: its content, bounds and marks, and by number what is not in it.
void read_field(nb::handle given, size_t count, Bytes* fields, size_t stride) {
    static const uint8_t kNothing = 0;
    const auto put = [&](size_t i, Bytes part) {
        // An empty field is there all the same.
        fields[i * stride] = {part.at ? part.at : &kNothing, part.size};
    };
    if (PyList_Check(given.ptr())) {
        const auto values = nb::cast<nb::list>(given);
        if (values.size() != count) throw nb::value_error("a field of each record is needed");
        for (size_t i = 0; i < count; ++i) {
            const nb::handle value = values[i];
            if (!value.is_none()) put(i, bytes_of(value));
        }
        return;
    }
    const auto column = nb::cast<nb::tuple>(given);
    const auto marks = kept<Octets>(column[2]);
    const Shares shares = shares_of(kept<Octets>(column[0]), 1, kept<Numbers>(column[1]), count);
    if (marks.shape(0) != count) throw nb::value_error("a mark for each field is needed");
    for (size_t i = 0; i < count; ++i) {
        if (marks.data()[i]) put(i, share_of(shares, i));
    }
    for (const auto [number, value] : nb::cast<nb::dict>(column[3])) {
        const auto i = nb::cast<size_t>(number);
        if (i >= count) throw nb::index_error("a field of no record");
        put(i, bytes_of(value));
    }
}

// Read all fields of some records, those of a record side by side.
std::vector<Bytes> read_fields(nb::list given, size_t count) {
    std::vector<Bytes> fields(count * given.size());
    for (size_t i = 0; i < given.size(); ++i) {
        read_field(given[i], count, fields.data() + i, given.size());
    }
    return fields;
}

// Join the fields of the chosen ones of `count` records.
nb::list join_fields(nb::list given, size_t count, const Numbers& chosen) {
    const std::vector<Bytes> fields = read_fields(given, count);
    const size_t width = given.size();
    for (size_t i = 0; i < chosen.shape(0); ++i) {
        if (static_cast<uint64_t>(chosen.data()[i]) >= count) throw nb::index_error("no record");
    }
    const auto first = [&](size_t i) {
        return fields.data() + static_cast<size_t>(chosen.data()[i]) * width;
    };
    return list_of_bytes(
        chosen.shape(0),
        [&](size_t i) {
            size_t size = 0;
            for (size_t k = 0; k < width; ++k) size += first(i)[k].size;
            return size;
        },
        [&](size_t i, uint8_t* out) {
            for (size_t k = 0; k < width; ++k) {
                const Bytes field = first(i)[k];
                if (field.size) std::memcpy(out, field.at, field.size);
                out += field.size;
            }
        });
}

// Make the sets of the coupons of some tiles, None where it is no set.
nb::list coupon_sets(const nb::bytes& head, size_t lg_k, const Array<uint32_t, 1>& coupons,
                     const Numbers& bounds, const Numbers& chosen) {
    if (bounds.shape(0) == 0) throw nb::value_error("bounds are needed");
    const size_t tiles = bounds.shape(0) - 1;
    const Bytes given{reinterpret_cast<const uint8_t*>(coupons.data()), 4 * coupons.shape(0)};
    const Shares shares{given, sizeof(uint32_t), bounds.data()};
    if (head.size() != kCouponHeadBytes || !are_sound(shares, tiles)) {
        throw nb::value_error("a head, and bounds that fit the coupons, are needed");
    }
    const Bytes before = bytes_of(head);
    std::vector<std::vector<uint8_t>> sets(chosen.shape(0));
    unlocked(given.size, [&] {
        for (size_t i = 0; i < sets.size(); ++i) {
            const auto tile = static_cast<uint64_t>(chosen.data()[i]);
            if (tile >= tiles) continue;
            const auto first = static_cast<size_t>(bounds.data()[tile]);
            const size_t count = static_cast<size_t>(bounds.data()[tile + 1]) - first;
            sets[i] = coupon_set(before.at, lg_k, coupons.data() + first, count);
        }
    });
    nb::list made;
    for (const std::vector<uint8_t>& set : sets) {
        made.append(set.empty() ? nb::none() : nb::object(nb::bytes(set.data(), set.size())));
    }
    return made;
}

// Encode the records of some tiles; `packed` has by number what is compressed.
nb::list encode_records(const Array<int64_t, 2>& rows, uint32_t seed, nb::list fields,
                        nb::dict packed) {
    const Layout layout{rows.shape(1), fields.size(), seed};
    if (layout.words < kHeaderWords + layout.variable) {
        throw nb::value_error("rows shorter than a header and the lengths of fields");
    }
    const size_t count = rows.shape(0);
    const std::vector<Bytes> values = read_fields(fields, count);
    std::vector<Tile> tiles(count);
    for (size_t i = 0; i < count; ++i) {
        tiles[i] = {rows.data() + i * layout.words, values.data() + i * layout.variable, {}};
    }
    for (const auto [number, value] : packed) {
        const auto i = nb::cast<size_t>(number);
        if (i >= count) throw nb::index_error("a compressed part of no record");
        tiles[i].packed = bytes_of(value);
    }
    return list_of_bytes(
        count, [&](size_t i) { return size_of(layout, tiles[i]); },
        [&](size_t i, uint8_t* out) { encode(layout, tiles[i], out); });
}

// Write the ordered key of each tile: the prefix of its entity and level, and its start.
nb::list ordered_keys(nb::list prefixes, const Numbers& entity, const Numbers& starts) {
    const size_t count = entity.shape(0);
    if (starts.shape(0) != count) throw nb::value_error("a start for each tile is needed");
    const std::vector<Bytes> before = Parts(prefixes).all;
    for (size_t i = 0; i < count; ++i) {
        if (static_cast<uint64_t>(entity.data()[i]) >= before.size()) {
            throw nb::index_error("a tile of no entity");
        }
    }
    const auto prefix = [&](size_t i) { return before[static_cast<size_t>(entity.data()[i])]; };
    return list_of_bytes(
        count, [&](size_t i) { return prefix(i).size + sizeof(uint64_t); },
        [&](size_t i, uint8_t* out) {
            std::memcpy(out, prefix(i).at, prefix(i).size);
            // As an unsigned number of big-endian bytes, negative starts come first.
            const auto shifted = static_cast<uint64_t>(starts.data()[i]) ^ (uint64_t{1} << 63);
            write(out + prefix(i).size, __builtin_bswap64(shifted));
        });
}

}  // namespace

void add_writing(nb::module_& module) {
    module.def("join_columns", &join_columns, nb::arg("heads"), nb::arg("parts"), nb::arg("marks"));
    module.def("encode_records", &encode_records, nb::arg("rows"), nb::arg("seed"),
               nb::arg("fields"), nb::arg("packed"));
    module.def("join_fields", &join_fields, nb::arg("fields"), nb::arg("count"),
               nb::arg("chosen"));
    module.def("coupon_sets", &coupon_sets, nb::arg("head"), nb::arg("lg_k"), nb::arg("coupons"),
               nb::arg("bounds"), nb::arg("chosen"));
    module.def("ordered_keys", &ordered_keys, nb::arg("prefixes"), nb::arg("entity"),
               nb::arg("starts"));
}

}  // namespace tilewright
