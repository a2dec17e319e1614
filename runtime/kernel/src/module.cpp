// The Python module: it takes bytes and gives values, and knows no store.
#include <nanobind/nanobind.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <set>
#include <string_view>
#include <tuple>
#include <utility>

#include "buffer.hpp"
#include "digest.hpp"
#include "distinct.hpp"
#include "frequent.hpp"
#include "kll.hpp"
#include "messages.hpp"
#include "pages.hpp"
#include "parsing.hpp"
#include "parts.hpp"
#include "program.hpp"
#include "scanning.hpp"
#include "unlocked.hpp"
#include "writing.hpp"
#include "xxh32.hpp"
#include "xxh64.hpp"

namespace nb = nanobind;
using namespace tilewright;

namespace {

// What Python has to match, raised with every change of what the module takes or gives.
constexpr int kInterface = 15;

// Put parts side by side, without the lock of Python; false if one of them has another form.
template <typename Union>
bool add_all(Union& sketches, const Parts& parts) {
    for (const Bytes part : parts.all) {
        if (!sketches.add(part)) return false;
    }
    return true;
}

// Find the values of some ranks in sketches side by side.
//
// None if they hold no value, or if one of them has another form.
template <typename Union>
nb::object quantiles(nb::handle given, const std::vector<double>& ranks) {
    const Parts parts(given);
    std::vector<double> values;
    unlocked(parts.bytes, [&] {
        Union sketches;
        if (!add_all(sketches, parts) || sketches.is_empty()) return;
        for (const double rank : ranks) values.push_back(sketches.quantile(rank));
    });
    return values.size() == ranks.size() ? nb::cast(values) : nb::none();
}

// Find the most frequent values of some summaries: their bytes and counts, with ties of the k-th,
// and how far below the truth a count may be.
//
// None if a summary has another form.
nb::object most_frequent(nb::handle given, size_t k) {
    const Parts parts(given);
    Frequencies frequencies;
    std::vector<std::pair<std::string_view, int64_t>> found;
    const bool is_known = unlocked(parts.bytes, [&] {
        if (!frequencies.add(parts.all, k)) return false;
        found = frequencies.top(k);
        return true;
    });
    if (!is_known) return nb::none();
    nb::list values;
    for (const auto& [item, count] : found) {
        values.append(nb::make_tuple(nb::bytes(item.data(), item.size()), count));
    }
    return nb::make_tuple(values, frequencies.error());
}

// Find how far below the truth the counts of some summaries may be; None for another form.
nb::object frequency_error(nb::handle given) {
    int64_t total = 0;
    for (const Bytes part : Parts(given).all) {
        int64_t error;
        if (!error_of(part, &error)) return nb::none();
        if (__builtin_add_overflow(total, error, &total)) return nb::none();
    }
    return nb::int_(total);
}

// Unite sketches of distinct values: the bytes of one whose estimate no order changes.
//
// None where one came alone, or of another size: then the library unites them.
nb::object unite_distinct(nb::handle given, size_t lg_k) {
    const Parts parts(given);
    const std::vector<uint8_t> united = unlocked(parts.bytes, [&] {
        DistinctSketches sketches(lg_k);
        return add_all(sketches, parts) ? sketches.united() : std::vector<uint8_t>();
    });
    if (united.empty()) return nb::none();
    return nb::bytes(united.data(), united.size());
}

PageTree tree_of(nb::handle given) {
    PageTree tree{};
    std::tie(tree.page_bytes, tree.flags, tree.depth, tree.branches, tree.leaves, tree.overflows,
             tree.entries, tree.root) =
        nb::cast<std::tuple<uint32_t, uint16_t, uint16_t, uint64_t, uint64_t, uint64_t, uint64_t,
                            uint64_t>>(given);
    return tree;
}

// Check the pages of an LMDB file, for the tables of some names.
//
// None if they are sound, else the first that is damaged and the number of what is wrong with it.
nb::object check_pages(nb::handle file, uint64_t last_page, nb::handle free_tree,
                       nb::handle main_tree, nb::handle tables) {
    const Buffer content(file);
    std::set<std::string> names;
    for (const Bytes name : Parts(tables).all) {
        names.emplace(reinterpret_cast<const char*>(name.at), name.size);
    }
    const PageTree free = tree_of(free_tree), main = tree_of(main_tree);
    try {
        unlocked(content.bytes().size, [&] {
            PageCheck pages(content.bytes(), free.page_bytes, last_page);
            pages.check_tables(main, names);
            pages.check_free(free);
        });
    } catch (const DamagedPage& damaged) {
        return nb::make_tuple(damaged.page, static_cast<int>(damaged.fault));
    }
    return nb::none();
}

}  // namespace

NB_MODULE(_native, module) {
    // A thread that still runs when the process ends keeps its objects: no leak to warn of.
    nb::set_leak_warnings(false);
    module.attr("INTERFACE") = kInterface;
    module.def(
        "xxh32",
        [](const nb::bytes& data, uint32_t seed) {
            const Bytes bytes = bytes_of(data);
            return xxh32(bytes.at, bytes.size, seed);
        },
        nb::arg("data"), nb::arg("seed") = 0);
    module.def(
        "xxh64",
        [](const nb::bytes& data) {
            const Bytes bytes = bytes_of(data);
            return xxh64(bytes.at, bytes.size);
        },
        nb::arg("data"));
    module.def("digest_quantiles", &quantiles<Digests>, nb::arg("parts"), nb::arg("ranks"));
    module.def("kll_quantiles", &quantiles<KllSketches>, nb::arg("parts"), nb::arg("ranks"));
    module.def("most_frequent", &most_frequent, nb::arg("parts"), nb::arg("k"));
    module.def("frequency_error", &frequency_error, nb::arg("parts"));
    module.def("check_pages", &check_pages, nb::arg("file"), nb::arg("last_page"),
               nb::arg("free"), nb::arg("main"), nb::arg("names"));
    module.def("unite_distinct", &unite_distinct, nb::arg("parts"), nb::arg("lg_k"));

    add_writing(module);
    add_parsing(module);
    add_messages(module);
    add_scanning(module);

    nb::class_<Fields>(module, "Fields")
        .def("__len__", &Fields::size)
        .def("__getitem__", &Fields::part, nb::arg("index"))
        .def("with_first", &Fields::with_first, nb::arg("part"));

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

    nb::class_<Ranges>(module, "Ranges")
        .def(nb::init<const nb::list&, const std::vector<nb::bytes>&>(), nb::arg("runs"),
             nb::arg("levels"));

    nb::class_<Covers>(module, "Covers").def(nb::init<const nb::list&>(), nb::arg("covers"));

    nb::class_<Found>(module, "Found")
        .def("__len__", &Found::size)
        .def_prop_ro("left", &Found::left)
        .def("features", &Found::features, nb::arg("index"));

    using Numbers = std::vector<int64_t>;
    nb::class_<Program>(module, "Program")
        .def(nb::init<size_t, size_t, uint32_t, uint64_t, Numbers, Numbers>(), nb::arg("words"),
             nb::arg("variable"), nb::arg("seed"), nb::arg("fingerprint"), nb::arg("ladder_ms"),
             nb::arg("empty"))
        .def("add_slab", &Program::add_slab, nb::arg("merge"), nb::arg("start"), nb::arg("stop"))
        .def("add_endpoint", &Program::add_endpoint, nb::arg("is_last"), nb::arg("no_time"),
             nb::arg("time"), nb::arg("value"), nb::arg("is_float"))
        .def("add_moments", &Program::add_moments, nb::arg("n"), nb::arg("start"),
             nb::arg("powers"))
        .def("add_window", &Program::add_window, nb::arg("features"), nb::arg("gives_numbers"),
             nb::arg("fields"))
        .def("add_sketch", &Program::add_sketch, nb::arg("name"), nb::arg("form"),
             nb::arg("field"), nb::arg("numbers"), nb::arg("finish").none())
        .def("decode", &Program::decode, nb::arg("answers"), nb::arg("ranges"), nb::arg("prefix"),
             nb::arg("checked"))
        .def("fetch", &Program::fetch, nb::arg("file"), nb::arg("transaction").none(),
             nb::arg("table"), nb::arg("swept"), nb::arg("entities"), nb::arg("ranges"),
             nb::arg("covers"), nb::arg("at_ms"), nb::arg("empty"))
        .def("features", &Program::features, nb::arg("tiles"), nb::arg("covers"),
             nb::arg("at_ms"), nb::arg("empty"))
        .def("head_level_ms", &Program::head_level_ms, nb::arg("tiles"), nb::arg("at_ms"))
        .def("evaluate", &Program::evaluate, nb::arg("tiles"), nb::arg("covers"),
             nb::arg("features"))
        .def("gather", &Program::gather, nb::arg("tiles"), nb::arg("cover"), nb::arg("fields"))
        .def("gather_all", &Program::gather_all, nb::arg("tiles"), nb::arg("covers"))
        .def("ask_sketches", &Program::ask_sketches, nb::arg("tiles"), nb::arg("covers"),
             nb::arg("middles").none(), nb::arg("features"), nb::arg("errors"))
        .def("merge_tables", &Program::merge_tables, nb::arg("parts"), nb::arg("has_texts"));
}
