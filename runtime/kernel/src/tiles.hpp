// The tiles of one fetch, checked and laid side by side.
#pragma once

#include <Python.h>

#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "records.hpp"
#include "reduce.hpp"

namespace tilewright {

// The records that one range gave, and what they have to be.
struct Part {
    size_t first;
    size_t end;
    // So many of them, the first ones, were found sound before.
    size_t sound;
    int64_t identity;
    int64_t size_ms;
    int64_t start_ms;
    int64_t end_ms;
};

// The tiles of one level, [first, end).
struct Level {
    int64_t size_ms;
    size_t first;
    size_t end;
};

class Tiles {
   public:
    explicit Tiles(const Layout& layout) : layout_(layout) {}
    ~Tiles();
    Tiles(const Tiles&) = delete;
    Tiles& operator=(const Tiles&) = delete;

    // Take what the store gave for a range; false unless it is records or a list of bytes.
    bool take(PyObject* records, Part part);

    // Take the records of a range, which stay where they are until they are loaded.
    void take(const std::vector<Bytes>& records, Part part);

    // Check and copy all records, which needs no lock; false if one is not sound.
    bool load();

    // How many bytes there are to check.
    size_t bytes() const { return bytes_; }
    size_t size() const { return records_.size(); }
    size_t approximate() const { return approximate_; }
    Rows rows() const { return {words_.data(), layout_.words}; }
    const std::vector<int64_t>& words() const { return words_; }
    const std::vector<int64_t>& starts() const { return starts_; }
    const std::vector<Level>& levels() const { return levels_; }

    // Find some fields of the tiles of runs, of those that have them; a list for each field.
    //
    // A tile is decompressed once. It needs no lock of Python's. False if lengths do not fit.
    bool gather(const Runs& runs, const std::vector<size_t>& fields,
                std::vector<std::vector<Bytes>>& gathered);

    // Find the tiles of a level in [start_ms, end_ms), added to `runs` if there are any.
    void find(int64_t size_ms, int64_t start_ms, int64_t end_ms, Runs& runs) const;

    // Find the coarsest level whose newest tile has only events before a time; 0 if none has.
    int64_t head_level(const std::vector<int64_t>& ladder_ms, int64_t at_ms) const;

   private:
    const Level* level(int64_t size_ms) const;
    bool take(PyObject* records);
    void place(Part part);
    bool load(const Part& part);
    const Bytes* fields(size_t index);

    Layout layout_;
    std::vector<PyObject*> objects_;
    std::vector<Bytes> records_;
    std::vector<Part> parts_;
    std::vector<Level> levels_;
    std::vector<int64_t> words_;
    std::vector<int64_t> starts_;
    // Held while fields are found.
    std::mutex splitting_;
    // The fields of all tiles, side by side, and of which tiles they are known.
    std::vector<Bytes> fields_;
    std::vector<bool> is_split_;
    Scratch plain_;
    size_t bytes_ = 0;
    size_t approximate_ = 0;
};

}  // namespace tilewright
