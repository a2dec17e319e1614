// What the kernel does for a plan: decode tiles, merge the covers of windows, finalize numbers.
#pragma once

#include <nanobind/nanobind.h>

#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "covers.hpp"
#include "reduce.hpp"
#include "scanning.hpp"
#include "sketches.hpp"
#include "tiles.hpp"
#include "values.hpp"

namespace tilewright {

// Find the runs of tiles of a cover; empty ones are left out.
void find_runs(const Tiles& tiles, const Cover& cover, Runs& runs);

class Program;

// The features of many entities, of which objects are made where somebody looks.
class Found {
   public:
    // The values of an entity's features, in the order of windows; none where Python has to look.
    using Values = std::optional<std::vector<Value>>;

    // `empty` has the features in their order.
    Found(nanobind::object program, nanobind::dict empty, std::vector<Values> all);

    size_t size() const { return all_.size(); }

    // List the numbers of entities whose features Python has to find.
    std::vector<size_t> left() const;

    // Make a dictionary of the features of an entity.
    nanobind::object features(size_t index) const;

   private:
    nanobind::object program_;
    nanobind::dict empty_;
    std::vector<Values> all_;
};

class Program {
   public:
    // `empty` are the words of an empty tile.
    Program(size_t words, size_t variable, uint32_t seed, uint64_t fingerprint,
            std::vector<int64_t> ladder_ms, std::vector<int64_t> empty);
    ~Program();
    Program(const Program&) = delete;
    Program& operator=(const Program&) = delete;

    void add_slab(const std::string& merge, size_t start, size_t stop);
    void add_endpoint(bool is_last, int64_t no_time, size_t time, size_t value, bool is_float);
    void add_moments(size_t n, size_t start, size_t powers);
    void add_window(
        const std::vector<std::tuple<std::string, std::string, std::vector<int64_t>>>& features,
        bool gives_numbers, std::vector<size_t> fields);
    // Add a feature of a sketch to the window that was added last.
    //
    // `field` is its place among the fields of the window; `numbers` are ranks, or a size. `finish`
    // makes the value of a sketch that counts different values, from its bytes.
    void add_sketch(const std::string& name, const std::string& form, size_t field,
                    std::vector<double> numbers, nanobind::object finish);

    // Check the records of some ranges and lay them side by side.
    //
    // `prefix` begins the keys of the entity. The first records of each range need no check, as
    // many as `checked` says. None if one has to be looked at in Python: it is damaged, misplaced
    // or of another version.
    nanobind::object decode(const nanobind::list& answers, const Ranges& ranges,
                            const nanobind::bytes& prefix,
                            const std::vector<size_t>& checked) const;

    // Fetch the features of entities that need nothing but numbers and sketches, from the file of a
    // store.
    //
    // That is decode, head_level_ms, evaluate and ask_sketches in one, without the lock of Python.
    // `swept` is the key of a document that says which tiles are gone, `covers` has those of each
    // head level that is known, and `empty` the features in their order. Without a transaction,
    // which sketches need, the file is read as of the last one with which it was, and the answer is
    // None if something was committed since. It is None too if LMDB has to read. Gives the features
    // and the quality of each entity, or None if Python has to fetch them.
    nanobind::object fetch(MappedTables& file, std::optional<uint64_t> transaction,
                           nanobind::handle table, const nanobind::bytes& swept,
                           const nanobind::sequence& entities, const Ranges& ranges,
                           const nanobind::dict& covers, int64_t at_ms,
                           const nanobind::dict& empty) const;

    // Do the same with tiles that are decoded, for features that need nothing but numbers.
    nanobind::object features(const Tiles& tiles, const nanobind::dict& covers, int64_t at_ms,
                              const nanobind::dict& empty) const;

    // Find the coarsest level with a clean newest tile, or None.
    nanobind::object head_level_ms(const Tiles& tiles, int64_t at_ms) const;

    // Merge the tiles of each cover, and put the values of features into a dictionary.
    //
    // Returns the numbers of each window by word, None for those that need none. False if a value
    // has to be made in Python, which then makes all of them.
    nanobind::object evaluate(const Tiles& tiles, const Covers& covers,
                              const nanobind::dict& features) const;

    // Collect fields of changing length of the tiles of a cover: a sequence for each field.
    //
    // None if the lengths of a tile do not fit its bytes.
    nanobind::object gather(const nanobind::object& tiles, const nanobind::list& cover,
                            const std::vector<size_t>& fields) const;

    // Collect the fields of all windows, each from its cover: a list of sequences for each window.
    //
    // None if the lengths of a tile do not fit its bytes.
    nanobind::object gather_all(const nanobind::object& tiles, const Covers& covers) const;

    // Answer the features of sketches, each from its window's cover, and put them into a
    // dictionary.
    //
    // `middles` has what is put together already of each window: a tuple of bytes or None for each
    // of its fields, or None. `errors` gets how far counts may be off. False if Python has to
    // answer: a sketch is of another form, or the lengths of a tile do not fit its bytes.
    bool ask_sketches(const nanobind::object& tiles, const Covers& covers,
                      nanobind::handle middles, const nanobind::dict& features,
                      const nanobind::dict& errors) const;

    // Merge tables of bucket values: the value, its numbers by word and its fields, ascending.
    //
    // A value is bytes or an integer; of each field it has a list. None if lengths do not fit.
    nanobind::object merge_tables(nanobind::handle parts, bool has_texts) const;

    // Put values of features, in the order of windows, into a dictionary.
    void put_values(const std::vector<Value>& values, PyObject* features) const;

   private:
    // A feature of a sketch.
    struct Asking {
        nanobind::str name;
        SketchQuestion question;
        size_t field;
        nanobind::object finish;
    };
    struct Window {
        std::vector<Feature> features;
        bool gives_numbers;
        std::vector<size_t> fields;
        std::vector<Asking> sketches;
    };
    // What is put together of each window, by field; without an address if no tile has the field.
    using Middles = std::vector<std::vector<Bytes>>;

    struct Asked;
    // The covers of a query time by the level of the head.
    using Heads = std::vector<std::pair<int64_t, const Covers*>>;

    bool merge_all(const Moment& moment, Bytes swept, const Ranges& ranges, const Heads& heads,
                   int64_t at_ms, std::vector<Asked>& asked) const;
    Heads heads_of(const nanobind::dict& covers) const;
    // Find the covers of clean tiles; null where the head is of another level.
    const Covers* covers_of(const Tiles& tiles, const Heads& heads, int64_t at_ms) const;
    std::vector<int64_t> merged_of(const Tiles& tiles, const Covers& covers) const;
    // Make the values of all features; none if Python has to make one, or there is nothing merged.
    Found::Values values_of(const std::vector<int64_t>& merged) const;
    nanobind::object features_of(const Asked& asked, const nanobind::dict& empty) const;
    // Ask the sketches of all windows, one after the other; false where Python has to.
    bool ask_all(Tiles& tiles, const Covers& covers, const Middles& middles,
                 std::vector<SketchAnswer>& answers) const;
    Middles middles_of(nanobind::handle given) const;
    void put_answers(const std::vector<SketchAnswer>& answers, PyObject* features,
                     PyObject* errors) const;
    static nanobind::object answered(const Asking& asked, const SketchAnswer& answer);
    // Put the values of a window's features into a dictionary; false where Python makes one.
    static bool put_values(const Window& window, const int64_t* merged, PyObject* features);
    Part part_of(const Ranges::Run& run, std::string& prefix, size_t sound) const;
    size_t word(size_t index) const;
    void require_fields(const std::vector<size_t>& fields) const;
    void require_windows(const Covers& covers) const;
    void merge(Rows rows, const Runs& runs, int64_t* merged) const;
    nanobind::object numbers(const int64_t* merged) const;

    Layout layout_;
    uint64_t fingerprint_;
    std::vector<int64_t> ladder_ms_;
    std::vector<int64_t> empty_;
    std::vector<bool> is_float_;
    std::vector<Slab> slabs_;
    std::vector<Endpoint> endpoints_;
    std::vector<Moments> moments_;
    std::vector<Window> windows_;
    bool asks_ = false;
};

}  // namespace tilewright
