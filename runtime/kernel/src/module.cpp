// The Python module: it takes bytes and gives values, and knows no store.
#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <tuple>

#include "digest.hpp"
#include "frequent.hpp"
#include "program.hpp"
#include "xxh32.hpp"

namespace nb = nanobind;
using namespace tilewright;

namespace {

// What Python has to match, raised with every change of what the module takes or gives.
constexpr int kInterface = 2;

Bytes bytes_of(nb::handle object) {
    if (!PyBytes_Check(object.ptr())) throw nb::type_error("expected bytes");
    return {reinterpret_cast<const uint8_t*>(PyBytes_AS_STRING(object.ptr())),
            static_cast<size_t>(PyBytes_GET_SIZE(object.ptr()))};
}

// Find the values of some ranks in digests side by side.
//
// None if they hold no value, or if one of them has another form.
nb::object quantiles(const nb::list& parts, const std::vector<double>& ranks) {
    Digests digests;
    for (const nb::handle part : parts) {
        if (!digests.add(bytes_of(part))) return nb::none();
    }
    if (digests.is_empty()) return nb::none();
    std::vector<double> values;
    {
        const nb::gil_scoped_release released;
        digests.order();
        for (const double rank : ranks) values.push_back(digests.quantile(rank));
    }
    return nb::cast(values);
}

// Find the most frequent values of some summaries: their bytes and counts, with ties of the k-th.
//
// The second item says how far below the truth a count may be. None if a summary has another form.
nb::object most_frequent(const nb::list& parts, size_t k) {
    Frequencies frequencies;
    for (const nb::handle part : parts) {
        if (!frequencies.add(bytes_of(part))) return nb::none();
    }
    nb::list values;
    for (const auto& [item, count] : frequencies.top(k)) {
        values.append(nb::make_tuple(nb::bytes(item.data(), item.size()), count));
    }
    return nb::make_tuple(values, frequencies.error());
}

}  // namespace

NB_MODULE(_native, module) {
    module.attr("INTERFACE") = kInterface;
    module.def(
        "xxh32",
        [](const nb::bytes& data, uint32_t seed) {
            const Bytes bytes = bytes_of(data);
            return xxh32(bytes.at, bytes.size, seed);
        },
        nb::arg("data"), nb::arg("seed") = 0);
    module.def("quantiles", &quantiles, nb::arg("parts"), nb::arg("ranks"));

    module.def("most_frequent", &most_frequent, nb::arg("parts"), nb::arg("k"));

    nb::class_<Tiles>(module, "Tiles")
        .def("__len__", &Tiles::size)
        .def_prop_ro("approximate", &Tiles::approximate)
        .def_prop_ro("starts", [](const Tiles& tiles) { return tiles.starts(); })
        .def_prop_ro("words",
                     [](const Tiles& tiles) {
                         const auto& words = tiles.words();
                         return nb::bytes(words.data(), words.size() * sizeof(int64_t));
                     })
        .def_prop_ro("levels", [](const Tiles& tiles) {
            std::vector<std::tuple<int64_t, size_t, size_t>> levels;
            for (const Level& level : tiles.levels()) {
                levels.emplace_back(level.size_ms, level.first, level.end);
            }
            return levels;
        });

    using Numbers = std::vector<int64_t>;
    nb::class_<Program>(module, "Program")
        .def(nb::init<size_t, size_t, uint32_t, Numbers, Numbers>(), nb::arg("words"),
             nb::arg("variable"), nb::arg("seed"), nb::arg("ladder_ms"), nb::arg("empty"))
        .def("add_slab", &Program::add_slab, nb::arg("merge"), nb::arg("start"), nb::arg("stop"))
        .def("add_endpoint", &Program::add_endpoint, nb::arg("is_last"), nb::arg("no_time"),
             nb::arg("time"), nb::arg("value"), nb::arg("is_float"))
        .def("add_moments", &Program::add_moments, nb::arg("n"), nb::arg("start"),
             nb::arg("powers"))
        .def("add_window", &Program::add_window, nb::arg("features"), nb::arg("gives_numbers"))
        .def("decode", &Program::decode, nb::arg("answers"), nb::arg("ranges"),
             nb::arg("identities"))
        .def("head_level_ms", &Program::head_level_ms, nb::arg("tiles"), nb::arg("at_ms"))
        .def("evaluate", &Program::evaluate, nb::arg("tiles"), nb::arg("covers"),
             nb::arg("features"))
        .def("gather", &Program::gather, nb::arg("tiles"), nb::arg("cover"), nb::arg("fields"));
}
